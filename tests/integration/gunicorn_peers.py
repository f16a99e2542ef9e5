"""The same command line for tierce gunicorn and for the real Gunicorn (tests/requirements.txt has it)."""

import os
import subprocess
import sys

from server_process import BINARY

OURS = [str(BINARY), "gunicorn", "--python", sys.executable]
REAL = [sys.executable, "-c", "import sys; sys.argv[0] = 'gunicorn'; from gunicorn.app.wsgiapp import run; run(prog='gunicorn')"]


def environment(env=None):
    full = {name: value for name, value in os.environ.items()
            if name not in ("PORT", "WEB_CONCURRENCY", "FORWARDED_ALLOW_IPS", "GUNICORN_CMD_ARGS", "LISTEN_FDS", "LISTEN_PID")}
    full["PYTHONDONTWRITEBYTECODE"] = "1"
    full.update(env or {})
    return full


def run(program, args, cwd, env=None):
    return subprocess.run([*program, *map(str, args)], cwd=cwd, capture_output=True, text=True, timeout=60,
                          env=environment({"PWD": str(cwd), **(env or {})}))


def ours(args, cwd, env=None):
    return run(OURS, args, cwd, env)


def real(args, cwd, env=None):
    done = run(REAL, args, cwd, env)
    assert "No module named 'gunicorn'" not in done.stderr, "pip install -r tests/requirements.txt"
    return done
