"""Requests that keep the interpreter to themselves."""

import re

from hello import app as hello


def busy_loop(environ, start_response):
    if environ["PATH_INFO"] == "/stuck":
        while True:
            pass
    return hello(environ, start_response)


def in_c(environ, start_response):
    """One call that holds the GIL for longer than any test: a regular expression that backtracks."""
    if environ["PATH_INFO"] == "/stuck":
        re.match(r"(a+)+$", "a" * 60 + "b")
    return hello(environ, start_response)
