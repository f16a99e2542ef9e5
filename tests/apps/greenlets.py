"""Requests that wait for each other in one worker, as only greenlets can by the thousand. Patched before it is
imported, or it cannot be.

/barrier?count=N   answers when N requests wait here; "N"
/me?token=T        waits for others several times, answers its own token, the one of each look
/upload            the length and the sum of its body
/endless           a body in pieces until the client goes; /pieces tells how many were made
/timeout           the same under a gevent.Timeout of 0.2 s
/spawned           runs a piece of work in greenlets of its own
/raises            an exception, after a switch
/blocks?seconds=N&started=FILE  keeps the hub
/killed            ends its own greenlet
/native            a child process, a native thread, a name
/hub               the types of what runs it
/quick
"""

import os
import socket
import subprocess
import threading
import time
from urllib.parse import parse_qs

import gevent
import gevent.local
import gevent.monkey
from gevent.event import Event

assert gevent.monkey.is_module_patched("socket"), "not patched before the import"
assert threading.current_thread() is threading.main_thread()
really_sleep = gevent.monkey.get_original("time", "sleep")
LOCAL = gevent.local.local()
WAITING, OPEN = [], Event()
PIECES = [0]
ENDED = []


def app(environ, start_response):
    query = {key: values[0] for key, values in parse_qs(environ["QUERY_STRING"]).items()}
    work = globals()["do_" + environ["PATH_INFO"].strip("/")]
    body = work(environ, query, start_response)
    if not isinstance(body, str):
        return body
    start_response("200 OK", [("Content-Type", "text/plain"), ("X-Pid", str(os.getpid()))])
    return [body.encode()]


def do_quick(environ, query, start_response):
    return str(os.getpid())


def do_barrier(environ, query, start_response):
    WAITING.append(environ["QUERY_STRING"])
    if len(WAITING) == int(query["count"]):
        OPEN.set()
    OPEN.wait()
    return str(len(WAITING))


def do_waiting(environ, query, start_response):
    return str(len(WAITING))


def do_open(environ, query, start_response):
    OPEN.set()
    return "open"


def do_me(environ, query, start_response):
    LOCAL.token = query["token"]
    threading.local().x = 1
    seen = []
    for _ in range(5):
        time.sleep(0.001)
        seen += [environ["QUERY_STRING"], LOCAL.token]
    return " ".join(seen)


def do_upload(environ, query, start_response):
    body = environ["wsgi.input"].read()
    time.sleep(0)
    return "%d %d" % (len(body), sum(body))


def pieces():
    try:
        while True:
            PIECES[0] += 1
            yield b"x" * 65536
    finally:
        ENDED.append("closed")


def do_endless(environ, query, start_response):
    start_response("200 OK", [])
    return pieces()


def do_timeout(environ, query, start_response):
    write = start_response("200 OK", [])
    with gevent.Timeout(0.2):
        for piece in pieces():
            write(piece)


def do_pieces(environ, query, start_response):
    return "%d %s" % (PIECES[0], ",".join(ENDED))


def do_spawned(environ, query, start_response):
    jobs = [gevent.spawn(time.sleep, 0.01) for _ in range(3)]
    gevent.joinall(jobs)
    return str(all(job.successful() for job in jobs))


def do_raises(environ, query, start_response):
    time.sleep(0.01)
    raise RuntimeError("broken on purpose")


def do_blocks(environ, query, start_response):
    if "started" in query:
        with open(query["started"], "w") as file:
            file.write(str(os.getpid()))
    really_sleep(float(query["seconds"]))
    return "awake"


def do_native(environ, query, start_response):
    said = subprocess.run(["echo", "child"], stdout=subprocess.PIPE).stdout.decode().strip()
    pool = gevent.get_hub().threadpool.apply(threading.get_native_id)
    address = socket.getaddrinfo("127.0.0.1", 80)[0][4][0]
    return "%s %s %s" % (said, pool != os.getpid(), address)


def do_killed(environ, query, start_response):
    gevent.spawn_later(0.01, gevent.getcurrent().kill, block=False)
    time.sleep(60)


def do_hub(environ, query, start_response):
    return "%s %s" % (type(gevent.getcurrent()).__name__, threading.active_count())
