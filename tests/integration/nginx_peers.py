"""nginx -t of the same file by the real nginx and by ours."""

import re
import shutil
import subprocess

from server_process import BINARY

REAL = shutil.which("nginx", path="/usr/sbin:/usr/bin")
OURS = [str(BINARY), "nginx"]
CONTEXTS = {
    "main": "%s\nevents {}\n",
    "events": "events {\n%s\n}\n",
    "http": "events {}\nhttp {\n%s\n}\n",
    "server": "events {}\nhttp { server {\n%s\n} }\n",
    "location": "events {}\nhttp { server { location / {\n%s\n} } }\n",
    "if in server": "events {}\nhttp { server { if ($uri) {\n%s\n} } }\n",
    "if": "events {}\nhttp { server { location / { if ($uri) {\n%s\n} } } }\n",
    "limit_except": "events {}\nhttp { server { location / { limit_except GET {\n%s\n} } } }\n",
    "upstream": "events {}\nhttp { upstream u {\n%s\n} }\n",
}


def run(program, *arguments, cwd=None):
    assert REAL, "nginx-core is not installed (tools/deps.sh test)"
    return subprocess.run([*program, *map(str, arguments)], capture_output=True, text=True, timeout=30, cwd=cwd)


class Verdict:
    """What -t says: the error without its time stamp ("" when the file is sound), and the exit status."""

    def __init__(self, done):
        self.status, self.text = done.returncode, done.stderr
        found = re.search(r"\[emerg\](?: [0-9]+#[0-9]+:)? (.*)", done.stderr)
        self.error = found[1] if found else ""


def verdict(program, path, *more):
    return Verdict(run(program, "-t", "-p", path.parent, "-c", path, "-e", "stderr", *more))


def both(path, *more):
    return verdict([REAL], path, *more), verdict(OURS, path, *more)


def kind_of(error, name):
    """What is wrong about the directive itself; "" for anything else, that its words may mean."""
    for kind in (f'unknown directive "{name}"', f'"{name}" directive is not allowed here', f'invalid number of arguments in "{name}"',
                 f'directive "{name}" has no opening', f'directive "{name}" is not terminated by'):
        if kind in error:
            return kind
    return ""
