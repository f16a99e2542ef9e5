"""A program is ready when its check says so."""

import http.server
import sys
import threading

import pytest
from supervisord_peers import OURS
from waiting import eventually, stays


@pytest.fixture
def website():
    """Answers /health with website.status."""
    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            server.asked.append(self.path)
            self.send_response(server.status)
            self.end_headers()

        def log_message(self, *_):
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.status, server.asked = 503, []
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield server
    server.shutdown()
    server.server_close()


def test_what_depends_on_a_program_waits_until_its_url_answers(supervisord_run, website):
    run = supervisord_run(OURS, f"""
[program:db]
command=/bin/cat
health_url=http://localhost:{website.server_port}/health?deep=1
startsecs=0
[program:app]
command=/bin/cat
depends_on=db
startsecs=0
""").start()
    run.reaches("db", "RUNNING")
    eventually(lambda: "not ready (503)" in run.ctl("status", "db").stdout)
    assert run.state("app") == "STOPPED" and website.asked[0] == "/health?deep=1"
    website.status = 204
    run.reaches("app", "RUNNING")
    assert run.rpc.getProcessInfo("db")["description"].endswith(", ready")


def test_a_program_that_stops_being_healthy_is_restarted(supervisord_run, website):
    website.status = 200
    run = supervisord_run(OURS, f"""
[program:web]
command=/bin/cat
health_url=http://127.0.0.1:{website.server_port}
health_interval=1
health_retries=2
startsecs=0
""").start()
    eventually(lambda: "ready: web" in run.log())
    first = run.rpc.getProcessInfo("web")["pid"]
    website.status = 500
    eventually(lambda: run.rpc.getProcessInfo("web")["pid"] not in (0, first), 15)
    assert "not healthy: web (500), it is restarted" in run.log()


def test_commands_check_with_the_environment_of_the_program(supervisord_run):
    run = supervisord_run(OURS, f"""
[program:x]
command=/bin/cat
environment=FLAG="%(here)s/flag"
health_command={sys.executable} -c "import os, sys; sys.exit(0 if os.path.exists(os.environ['FLAG']) else 'no flag')"
startsecs=0
[program:slow]
command=/bin/cat
health_command=/bin/sleep 100
health_timeout=1
startsecs=0
[program:absent]
command=/bin/cat
health_command=/no/such/check
startsecs=0
[program:refused]
command=/bin/cat
health_url=http://127.0.0.1:1/
startsecs=0
""").start()
    for name, why in (("x", "no flag"), ("slow", "no answer within 1 s"), ("absent", "can't find command '/no/such/check'"),
                      ("refused", "connect: Connection refused")):
        eventually(lambda: f"not ready ({why})" in run.rpc.getProcessInfo(name)["description"], 10, why)
    (run.folder / "flag").touch()
    eventually(lambda: run.rpc.getProcessInfo("x")["description"].endswith(", ready"))
    pids = {i["name"]: i["pid"] for i in run.rpc.getAllProcessInfo()}
    assert stays(lambda: {i["name"]: i["pid"] for i in run.rpc.getAllProcessInfo()} == pids, 2), "health_start is not over"
    run.rpc.stopAllProcesses()
    assert run.end() == 0
