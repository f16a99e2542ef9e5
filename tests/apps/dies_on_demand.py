"""Ends its process in every way there is; /pid answers the process, /wait, /stream... are those of gated.py."""

import ctypes
import os
import signal

import gated


def app(environ, start_response):
    path = environ["PATH_INFO"]
    if path == "/die":
        os.kill(os.getpid(), signal.SIGKILL)
    if path == "/segfault":
        ctypes.string_at(0)
    if path == "/exit":
        os._exit(int(environ["QUERY_STRING"] or 0))
    if path == "/abort":
        os.abort()
    if path == "/half":
        start_response("200 OK", [("Content-Type", "text/plain"), ("Content-Length", "100")])
        return half()
    return gated.app(environ, start_response)


def half():
    yield b"half"
    os.kill(os.getpid(), signal.SIGKILL)
