"""The event listeners of superlance, as they come."""

import http.server
import sys
import threading

import pytest
from supervisord_peers import OURS
from waiting import eventually


@pytest.fixture
def sick_website():
    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            self.send_response(500)
            self.end_headers()

        def log_message(self, *_):
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}/"
    server.shutdown()
    server.server_close()


def test_memmon_restarts_what_is_too_large(supervisord_run):
    run = supervisord_run(OURS, f"""
[eventlistener:memmon]
command={sys.executable} -m superlance.memmon -p greedy=1MB
events=TICK_5
startsecs=0
[program:greedy]
command={sys.executable} -c "import time; x = b'x' * 30000000; time.sleep(1000)"
startsecs=0
""").start()
    run.reaches("greedy", "RUNNING")
    first = run.rpc.getProcessInfo("greedy")["pid"]
    eventually(lambda: run.rpc.getProcessInfo("greedy")["pid"] not in (0, first), 20, "memmon restarts greedy")


def test_httpok_restarts_what_does_not_answer_well(supervisord_run, sick_website):
    run = supervisord_run(OURS, f"""
[eventlistener:httpok]
command={sys.executable} -m superlance.httpok -p web {sick_website}
events=TICK_5
startsecs=0
[program:web]
command=/bin/cat
startsecs=0
""").start()
    run.reaches("web", "RUNNING")
    first = run.rpc.getProcessInfo("web")["pid"]
    eventually(lambda: run.rpc.getProcessInfo("web")["pid"] not in (0, first), 20, "httpok restarts web")


def test_crashmail_writes_of_what_has_crashed(supervisord_run):
    run = supervisord_run(OURS, "")
    mail = run.folder / "mail"
    sendmail = run.folder / "sendmail"
    sendmail.write_text(f"#!/bin/sh\ncat >> {mail}\n")
    sendmail.chmod(0o755)
    run.configure(f"""
[eventlistener:crashmail]
command={sys.executable} -m superlance.crashmail -a -m someone@example.com -s {sendmail}
events=PROCESS_STATE_EXITED
startsecs=0
[program:crashes]
command=/bin/sh -c "sleep 0.5; exit 3"
autorestart=false
startsecs=0
""")
    run.start()
    text = eventually(lambda: mail.exists() and mail.read_text(), 15)
    assert "To: someone@example.com" in text and "crashes" in text and "exited unexpectedly" in text
