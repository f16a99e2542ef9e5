"""Forks a child that forks a grandchild and goes: the grandchild has no parent but process 1."""

import os
import sys
import time


def app(environ, start_response):
    child = os.fork()
    if child == 0:
        if os.fork() == 0:
            time.sleep(0.05)
            os._exit(0)
        os._exit(0)
    os.waitpid(child, 0)
    start_response("200 OK", [("Content-Type", "text/plain")])
    return [str(sys.version_info[0]).encode()]
