"""`tierce up` with the tutorial's files, mended, each at the very path that it names: as the first process of a container,
in namespaces of its own, so that /etc, /app and port 8000 are the test's."""

import os
import pathlib
import signal
import subprocess
import sys
import tempfile
import time

import flask
import pytest

from server_process import BINARY, REPOSITORY
from test_the_note import interpreter_for
from waiting import eventually

SEED = REPOSITORY / "tests" / "data" / "seed"
# The paths are those of the Dockerfile's COPY lines.
INSIDE = """
set -e
mount --make-rprivate /
python3 -c "import fcntl, socket, struct; s = socket.socket(); fcntl.ioctl(s, 0x8914, struct.pack('16sh', b'lo', 0x49))"
mkdir -p /app
for folder in /etc/nginx /etc/uwsgi /etc/supervisor /app /run /var/log/nginx; do
  mkdir -p $folder
  mount -t tmpfs -o mode=755 none $folder
done
mkdir -p /etc/supervisor/conf.d
if [ -n "$LINKS" ]; then
  mount -t tmpfs -o mode=755 none /usr/local/bin
  ln -s $TIERCE /usr/local/bin/uwsgi
  ln -s $TIERCE /usr/local/bin/supervisord
  mount --bind $TIERCE /usr/sbin/nginx
fi
cp $FILES/app.py /app/
cp $FILES/nginx.conf /etc/nginx/nginx.conf
cp $SHARED/mime.types $SHARED/uwsgi_params /etc/nginx/
cp $FILES/uwsgi.ini /etc/uwsgi/uwsgi.ini
cp $FILES/supervisor.ini /etc/supervisor/conf.d/
cd /app
exec $COMMAND
"""


class Container:
    def __init__(self, base, files, command, links):
        if os.geteuid() != 0:
            pytest.fail("namespaces with users of their own need root")
        python = interpreter_for("www-data")
        assert python, f"www-data can start neither {sys.executable} nor /usr/bin/python3 {sys.version_info[:2]}"
        (base / "bin").mkdir(exist_ok=True)
        if not (base / "bin" / "python3").exists():
            (base / "bin" / "python3").symlink_to(python)
        self.output = base / "output"
        sanitizers = ("TIERCE_PYTHON_PRELOAD", "ASAN_OPTIONS", "TSAN_OPTIONS")
        environment = {**{name: os.environ[name] for name in sanitizers if name in os.environ},
                       "PATH": f"{base}/bin:{os.environ['PATH']}", "FILES": str(files),
                       "PYTHONPATH": str(pathlib.Path(flask.__file__).parents[1]),
                       "SHARED": str(REPOSITORY / "share" / "nginx"), "COMMAND": command,
                       "TIERCE": str(BINARY), "LINKS": "yes" if links else ""}
        with open(self.output, "wb") as output:
            self.process = subprocess.Popen(["unshare", "--mount", "--net", "bash", "-c", INSIDE], env=environment,
                                            stdout=output, stderr=output)

    def text(self):
        return self.output.read_text(errors="replace")

    def inside(self, *words):
        return subprocess.run(["nsenter", "-t", str(self.process.pid), "-m", "-n", *words], capture_output=True,
                              text=True, check=False)

    def curl(self):
        return self.inside("curl", "-si", "--max-time", "5", "http://127.0.0.1:8000/").stdout

    def end(self):
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()


@pytest.fixture
def container():
    """What starts one, and the folder of its files, which all may enter."""
    with tempfile.TemporaryDirectory() as name:
        base = pathlib.Path(name)
        base.chmod(0o755)
        started = []

        def start(files, command, links=False):
            started.append(Container(base, files, command, links))
            return started[-1]
        yield base, start
        for each in started:
            each.end()


def mended(base):
    files = base / "files"
    files.mkdir()
    for name in ("nginx.conf", "uwsgi.ini", "supervisor.ini"):
        (files / name).write_bytes((SEED / "fixed" / name).read_bytes())
    (files / "app.py").write_bytes((SEED / "fixed" / "src" / "app.py").read_bytes())
    return files


# The second is the tutorial's own CMD, where the three servers are links to us.
@pytest.mark.parametrize("links", [False, True], ids=["tierce up", "links"])
def test_the_files_run_as_they_are(container, links):
    base, start = container
    command = "/usr/local/bin/supervisord" if links else f"{BINARY} up"
    run = start(mended(base), command + " -c /etc/supervisor/conf.d/supervisor.ini", links)
    eventually(lambda: "200 OK" in run.curl(), 15, run.text)
    answer = run.curl()
    assert answer.endswith('\n\n{"name":"misha"}\n'), answer
    assert "Content-Length: 17\n" in answer and "Content-Type: application/json\n" in answer
    log = run.inside("cat", "/var/log/nginx/access.log").stdout
    assert '"GET / HTTP/1.1" 200 17 "-" "curl/' in log and log.rstrip().endswith('"-"')
    # The socket is there for others, owned as the file says.
    assert run.inside("stat", "-c", "%U:%G %a", "/run/uwsgi.sock").stdout == "www-data:www-data 664\n"
    assert "uwsgi: requests to unix:/run/uwsgi.sock reach it through shared memory" in run.text()
    begun = time.monotonic()
    run.process.send_signal(signal.SIGTERM)
    assert run.process.wait(20) == 0, run.text()
    # The original: 11 s, and SIGKILL. Far from both, whatever the machine does.
    assert time.monotonic() - begun < 5
