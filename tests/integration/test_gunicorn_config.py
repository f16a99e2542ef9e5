"""tierce gunicorn reads what Gunicorn reads: --print-config of both is the same text."""

import pathlib
import subprocess

import pytest

from gunicorn_peers import ours, real
from server_process import BINARY, REPOSITORY

APP = """
def app(environ, start_response):
    start_response("200 OK", [])
    return [b"ok"]
application = app
"""

# What command lines are like: those of shared/compat's count, and the corners of each kind.
LINES = {
    "nothing": "app:app",
    "the usual": "app:app --bind 0.0.0.0:8000 --workers 4",
    "short flags": "-w 4 -b :8000 -k gthread -t 120 app:app",
    "glued": "-w4 -b:8000 --workers=2 --timeout=60 app:app",
    "abbreviated": "--backl 64 --grace 10 --max-requests-j 5 app:app",
    "several sockets": "-b 127.0.0.1:8000 -b [::1]:8000 -b unix:/run/app.sock -b fd://3 app:app",
    "a container": "app:app --bind 0.0.0.0:8080 --workers 2 --threads 8 --timeout 0 --access-logfile - --error-logfile -",
    "systemd": "--access-logfile - --workers 3 --bind unix:/run/gunicorn.sock app:application",
    "logs": "--log-level=debug --access-logfile=/tmp/a.log --log-file=/tmp/e.log --capture-output app:app",
    "log format": "--access-logformat '%(h)s %(D)s' --access-logfile - app:app",
    "limits": "--limit-request-line 0 --limit-request-fields 50 --limit-request-field_size 4096 app:app",
    "recycling": "--max-requests 1000 --max-requests-jitter 50 --graceful-timeout 15 --keep-alive 5 app:app",
    "preload": "--preload --worker-tmp-dir /dev/shm app:app",
    "debugging": "--reload --reload-extra-file app.py --spew app:app",
    "identity": "--user 0 --group 0 --umask 007 --initgroups app:app",
    "a named user": "--user root --group root app:app",
    "octal and hex": "--umask 0o22 --control-socket-mode 0x1ff app:app",
    "environment": "-e A=1 --env B=two=2 app:app",
    "process": "--name shop --pid /tmp/p.pid --chdir /tmp --pythonpath /a,/b --daemon wsgi:app",
    "proxy": "--forwarded-allow-ips=* --proxy-allow-from 10.0.0.0/8 app:app",
    "forwarded networks": "--forwarded-allow-ips 10.0.0.0/8,192.168.1.1 app:app",
    "proxy protocol": "--proxy-protocol --bind :8000 app:app",
    "proxy protocol, with a mode": "--proxy-protocol v2 app:app",
    "tls": "--certfile app.py --keyfile app.py --ca-certs app.py --cert-reqs 2 --ciphers HIGH app:app",
    "a worker by class": "-k gunicorn.workers.gthread.ThreadWorker --threads 2 app:app",
    "uvicorn": "-k uvicorn.workers.UvicornWorker -w 2 app:app",
    "gevent": "-k gevent --worker-connections 500 app:app",
    "statsd": "--statsd-host localhost:8125 --statsd-prefix shop --dogstatsd-tags a:b app:app",
    "statsd by a path": "--statsd-host unix:///run/statsd.sock app:app",
    "syslog": "--log-syslog --log-syslog-to unix:///dev/log --log-syslog-prefix shop -R app:app",
    "headers": "--header-map refuse --forwarder-headers REMOTE_USER,X_ONE --strip-header-spaces app:app",
    "booleans that are off": "--no-sendfile --no-control-socket --reuse-port app:app",
    "asgi": "--asgi-loop uvloop --asgi-lifespan off --root-path /api --websocket-max-message-size 10 app:app",
    "dirty": "--dirty-app a:b --dirty-workers 2 --dirty-timeout 10 app:app",
    "http2": "--http2-cleartext upgrade --http2-max-frame-size 20000 app:app",
    "paste variables": "--paste-global a=b app:app",
    "positional first": "app:app -w 2 -b :1",
    "an end of options": "-w 2 -- app:app",
}
ENVIRONMENTS = {
    "PORT": ({"PORT": "5000"}, "app:app"),
    "WEB_CONCURRENCY": ({"WEB_CONCURRENCY": "7"}, "app:app"),
    "both, overruled": ({"PORT": "5000", "WEB_CONCURRENCY": "7"}, "-b :1 -w 2 app:app"),
    "FORWARDED_ALLOW_IPS": ({"FORWARDED_ALLOW_IPS": "*"}, "app:app"),
    "GUNICORN_CMD_ARGS": ({"GUNICORN_CMD_ARGS": "--bind=127.0.0.1 --workers=3 -e 'A=b c'"}, "app:app"),
    "GUNICORN_CMD_ARGS, overruled": ({"GUNICORN_CMD_ARGS": "--workers=3 -t 5"}, "-w 4 app:app"),
    "a file named by GUNICORN_CMD_ARGS": ({"GUNICORN_CMD_ARGS": "-c other.py"}, "app:app"),
}
# gunicorn.conf.py files as people write them.
FILES = {
    "cpu_count": """
import multiprocessing
bind = "0.0.0.0:8000"
workers = multiprocessing.cpu_count() * 2 + 1
""",
    "the environment": """
import os
bind = f"0.0.0.0:{os.environ.get('PORT', '8000')}"
workers = int(os.environ.get("WEB_CONCURRENCY", 2))
threads = int(os.getenv("THREADS", "4"))
loglevel = os.getenv("LOG_LEVEL", "INFO").lower()
raw_env = ["DJANGO_SETTINGS_MODULE=shop.settings"]
""",
    "logs": """
accesslog = "-"
errorlog = "-"
loglevel = "info"
access_log_format = '%(h)s %(l)s %(u)s %(t)s "%(r)s" %(s)s %(b)s "%(f)s" "%(a)s" %(D)s'
capture_output = True
""",
    "logging by a dictionary": """
logconfig_dict = {
    "version": 1, "disable_existing_loggers": False,
    "formatters": {"plain": {"format": "%(message)s"}},
    "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "plain"}},
    "root": {"level": "INFO", "handlers": ["console"]},
}
""",
    "hooks": """
def on_starting(server): server.log.info("starting")
def when_ready(server): pass
def pre_fork(server, worker): pass
def post_fork(server, worker):
    server.log.info("Worker spawned (pid: %s)", worker.pid)
def worker_int(worker):
    import sys, threading, traceback
def worker_abort(worker): worker.log.info("worker received SIGABRT signal")
def pre_exec(server): server.log.info("Forked child, re-executing.")
def pre_request(worker, req): worker.log.debug("%s %s", req.method, req.path)
def nworkers_changed(server, new_value, old_value): pass
on_exit = lambda server: None
""",
    "post_request of three arities": """
def two(worker, req): pass
def three(worker, req, environ): pass
def post_request(worker, req, environ, resp): pass
""",
    "post_request of three arguments": "def post_request(worker, req, environ): pass\n",
    "post_request of two arguments": "def post_request(worker, req): pass\n",
    "a hook by name": "when_ready = 'hooks_of.ready'\n",
    "everything as text": """
workers = "3"
timeout = "0x10"
reload = "true"
preload_app = "False"
umask = "7"
""",
    "None": "accesslog = None\nkeyfile = None\nuser = None\npidfile = None\nworker_tmp_dir = None\n",
    "blanks": "bind = ' 127.0.0.1:9000 '\nproc_name = ' shop '\nforwarded_allow_ips = '10.0.0.1, 10.0.0.2'\n",
    "lists": "bind = ['0.0.0.0:80', 'unix:/tmp/s']\nraw_env = 'A=1'\n",
    "wsgi_app": "wsgi_app = 'app:app'\nchdir = '/tmp'\nproc_name = 'shop'\n",
    "a class": """
class MyWorker: pass
worker_class = MyWorker
""",
    "names that are no settings": "from math import *\nWORKERS = 3\nmax_worker = 5\n_bind = 1\nimport multiprocessing as workers_of\n",
    "functions and branches": """
import os
def cores():
    return 2
workers = cores() * 2
if os.environ.get("DEBUG"):
    reload = True
else:
    preload_app = True
for name in ("a", "b"):
    proc_name = name
""",
    "a dictionary of headers": "secure_scheme_headers = {'X-FORWARDED-PROTO': 'https'}\n",
    "its own name": "proc_name = __name__\npidfile = __file__\n",
    "what it may import": "from settings_of import number\nworkers = number\n",
    "booleans as numbers": "workers = True\nbacklog = 64\n",
    "proxy protocol": "proxy_protocol = True\nproxy_allow_ips = '*'\n",
    "uvicorn": "worker_class = 'uvicorn.workers.UvicornWorker'\nworkers = 4\nkeepalive = 120\n",
    "max requests": "max_requests = 1_000\nmax_requests_jitter = max_requests // 10\ngraceful_timeout = timeout = 120\n",
}


@pytest.fixture
def place(tmp_path):
    (tmp_path / "app.py").write_text(APP)
    (tmp_path / "wsgi.py").write_text(APP)
    (tmp_path / "hooks_of.py").write_text("def ready(server): pass\n")
    (tmp_path / "settings_of.py").write_text("number = 5\n")
    (tmp_path / "other.py").write_text("workers = 9\n")
    return tmp_path


def split(text):
    import shlex
    return shlex.split(text)


def same(place, args, env=None):
    theirs, mine = real(["--print-config", *args], place, env), ours(["--print-config", *args], place, env)
    assert " = " in theirs.stdout, theirs.stderr
    assert mine.stdout == theirs.stdout, mine.stderr


@pytest.mark.parametrize("line", LINES.values(), ids=LINES.keys())
def test_command_lines(place, line):
    same(place, split(line))


@pytest.mark.parametrize("env, line", ENVIRONMENTS.values(), ids=ENVIRONMENTS.keys())
def test_environments(place, env, line):
    same(place, split(line), env)


@pytest.mark.parametrize("text", FILES.values(), ids=FILES.keys())
def test_files(place, text):
    (place / "gunicorn.conf.py").write_text(text)
    same(place, ["app:app"])
    (place / "gunicorn.conf.py").rename(place / "conf.py")
    same(place, ["-c", "conf.py", "-w", "6", "app:app"], {"GUNICORN_CMD_ARGS": "--threads 3", "PORT": "81"})


@pytest.mark.parametrize("config", ["conf.py", "./sub/conf.py", "file:conf.py", "python:conf", "python:sub.conf", "conf.txt"])
def test_where_the_file_is(place, config):
    (place / "sub").mkdir()
    (place / "sub" / "__init__.py").write_text("")
    for name in ("conf.py", "sub/conf.py", "conf.txt"):
        (place / name).write_text(f"workers = {len(name)}\n")
    same(place, ["-c", config, "app:app"])


# --- what is wrong ------------------------------------------------------------------------------------

WRONG_FILES = {
    "a number": ("workers = 'many'\n", "gunicorn.conf.py:1: Invalid value for workers: many"),
    "a negative one": ("\n\ntimeout = -1\n", "gunicorn.conf.py:3: Invalid value for timeout: -1"),
    "a hook's arguments": ("x = 1\ndef post_fork(server): pass\n", "gunicorn.conf.py:2: Invalid value for post_fork"),
    "a user": ("if True:\n    user = 'no-such-user'\n", "No such user: 'no-such-user'"),
    "a directory": ("chdir = '/no/such'\n", "can't chdir to '/no/such'"),
    "an exception": ("def f():\n    raise RuntimeError('broken')\nf()\n", 'gunicorn.conf.py", line 2, in f'),
    "its syntax": ("workers = = 3\n", 'gunicorn.conf.py", line 1'),
    "an import": ("import no_such_module_here\n", "No module named 'no_such_module_here'"),
    "an environment": ("raw_env = ['A']\n", "'A' invalid"),
    "a network": ("forwarded_allow_ips = '10.0.0.1/8'\n", "Invalid value for forwarded_allow_ips"),
}


@pytest.mark.parametrize("text, says", WRONG_FILES.values(), ids=WRONG_FILES.keys())
def test_a_wrong_file_is_named_with_its_line(place, text, says):
    (place / "gunicorn.conf.py").write_text(text)
    mine = ours(["--check-config", "app:app"], place)
    assert mine.returncode == 1
    assert says in mine.stderr
    assert "tierce_wsgi" not in mine.stderr, "frames of ours are none of the user's business"
    if "invalid" not in says:  # Gunicorn finds that when it starts.
        assert real(["--check-config", "app:app"], place).returncode == 1


@pytest.mark.parametrize("line, code, says", [
    ("app:app --wrkers 3", 2, "unrecognized arguments: --wrkers 3"),
    ("app:app -w many", 2, "argument -w/--workers: invalid int value: 'many'"),
    ("app:app -w", 2, "argument -w/--workers: expected one argument"),
    ("", 1, "No application module specified."),
    ("app:app -c nowhere.py", 1, "'nowhere.py' doesn't exist"),
    ("app:app --umask 9999x", 2, "invalid auto_int value"),
    ("app:app -w -1", 1, "Value must be positive: -1"),
])
def test_a_wrong_command_line(place, line, code, says):
    for done in (ours(split(line), place), real(split(line), place)):
        assert done.returncode == code, done.stderr
        assert says in done.stderr


@pytest.mark.parametrize("line, says", [
    ("-k uvicorn.workers.UvicornWorker", "ASGI"), ("-k asgi", "ASGI"), ("-k eventlet", "eventlet is not supported"),
    ("--paste app.ini", "PasteDeploy"), ("-w 0", "workers: 0 is outside"), ("--protocol uwsgi", "only http")])
def test_what_cannot_be_served_is_refused_by_name(place, line, says):
    (place / "app.ini").write_text("")
    for more in ([], ["--check-config"]):
        done = ours(["app:app", *split(line), *more], place)
        assert done.returncode == 1
        assert says in done.stderr and "command line" in done.stderr


def test_a_wrong_access_log_format_is_said_and_the_default_is_written(place):
    """Gunicorn goes on, too, with a traceback for every line that it does not write."""
    (place / "gunicorn.conf.py").write_text("access_log_format = '%(h) -  %(t)s - %(u)s'\n")
    done = ours(["--check-config", "app:app"], place)
    assert done.returncode == 0
    assert f"Warning: {place}/gunicorn.conf.py:1: access_log_format: character 4: " in done.stderr


def test_what_is_not_supported_is_said_with_file_and_line(place):
    (place / "gunicorn.conf.py").write_text("workers = 1\nsyslog = True\nworker_tmp_dir = '/dev/shm'\nuser = None\n")
    done = ours(["--check-config", "app:app"], place)
    assert done.returncode == 0
    assert f"Warning: {place}/gunicorn.conf.py:2: syslog: not supported: " in done.stderr
    assert f"Note: {place}/gunicorn.conf.py:3: worker_tmp_dir: no effect here: " in done.stderr
    assert len(done.stderr.splitlines()) == 2, "nothing else is said"


# --- --check-config, --version, --help ------------------------------------------------------------------

def test_check_config_imports_the_application(place):
    (place / "broken.py").write_text("def f():\n    1 / 0\nf()\n")
    assert ours(["--check-config", "app:app"], place).returncode == 0
    for spec, says in (("broken:app", 'broken.py", line 2, in f'), ("no_such:app", "no_such"), ("app:nothing", "nothing")):
        done = ours(["--check-config", spec], place)
        assert done.returncode == real(["--check-config", spec], place).returncode == 1
        assert "Error while loading the application" in done.stderr and says in done.stderr
        assert "tierce_wsgi" not in done.stderr


def test_check_config_finds_what_pythonpath_and_env_say(place):
    (place / "more").mkdir()
    (place / "more" / "far.py").write_text("import os\nos.environ['WORD']\ndef app(e, s): pass\n")
    assert ours(["--check-config", "--pythonpath", "more", "-e", "WORD=1", "far:app"], place).returncode == 0


def test_the_file_is_executed_by_the_python_asked_for(place):
    (place / "gunicorn.conf.py").write_text("import sys\nproc_name = sys.executable\n")
    import sys
    assert f"= {sys.executable}\n" in ours(["--print-config", "app:app"], place).stdout
    done = subprocess.run([BINARY, "gunicorn", "--print-config", "app:app", "--python=/no/python"], cwd=place,
                          capture_output=True, text=True)
    assert done.returncode == 1 and "/no/python" in done.stderr


def test_under_the_name_gunicorn_it_is_gunicorn(place):
    link = place / "gunicorn"
    link.symlink_to(BINARY)
    import sys
    done = subprocess.run([link, "--python", sys.executable, "--check-config", "app:app"], cwd=place, capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (0, "")
    assert "tierce" in subprocess.run([link, "--version"], capture_output=True, text=True).stdout


def test_help_has_every_flag_of_gunicorn(place):
    mine, theirs = ours(["--help"], place).stdout, real(["--help"], place).stdout
    import re
    for flag in set(re.findall(r"(?<![\w-])--[a-z][a-z0-9_-]+", theirs)) - {"--help", "--version"}:
        assert flag in mine, flag


def test_the_table_has_every_setting_of_gunicorn_and_no_other():
    from gunicorn.config import KNOWN_SETTINGS
    reference = (REPOSITORY / "docs" / "gunicorn-settings.md").read_text()
    rows = [line.split("|")[1].strip(" `") for line in reference.splitlines() if line.startswith("| `")]
    assert sorted(rows) == sorted(setting.name for setting in KNOWN_SETTINGS)


def test_the_reference_is_the_table_of_the_program():
    made = subprocess.run([BINARY, "gunicorn", "--help-markdown"], capture_output=True, text=True, check=True).stdout
    assert pathlib.Path(REPOSITORY / "docs" / "gunicorn-settings.md").read_text() == made
