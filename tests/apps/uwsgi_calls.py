"""Evaluates what is posted to it, in a worker, and answers with the repr of what comes of it."""

import os
import sys
import threading
import time

import uwsgi
import uwsgidecorators
from uwsgidecorators import cron, filemon, lock, postfork, rbtimer, signal, thread, timer

forks, ticks = [], []
at_import = uwsgi.worker_id()


def note(name):
    """One line for each event, with the worker it happened in."""
    if "EVENTS" in os.environ:
        with open(os.environ["EVENTS"], "a") as stream:
            stream.write("%s %d %d\n" % (name, uwsgi.worker_id(), os.getpid()))


@postfork
def after_fork():
    forks.append(uwsgi.worker_id())


@postfork(2)
def in_the_second():
    forks.append("second")


@lock
def locked():
    return uwsgi.is_locked()


@thread
def in_a_thread(into):
    into.append(threading.current_thread().daemon)


if "TIMERS" in os.environ:
    @timer(1)
    def tick(number):
        note("tick")

    @rbtimer(1, 2)
    def twice(number):
        note("twice")

    @signal(40)
    def forty(number):
        note("forty")

    @signal(41, target="workers")
    def all_of_them(number):
        note("all")

    @signal(42, target="worker2")
    def second(number):
        note("second")

    @filemon(os.environ["EVENTS"] + ".watched")
    def changed(number):
        note("changed")

    @cron(-1, -1, -1, -1, -1)
    def minutely(number):
        note("cron")

if "BREAKS" in os.environ:
    @postfork
    def broken():
        raise ValueError("a broken postfork")

uwsgi.after_req_hook = lambda: ticks.append(1)
uwsgi.atexit = lambda: note("atexit")


def application(environ, start_response):
    text = environ["wsgi.input"].read().decode()
    if environ["PATH_INFO"] == "/raise":
        raise RuntimeError("as asked")
    scope = dict(globals(), environ=environ)
    try:
        if environ["PATH_INFO"] == "/exec":
            exec(text, scope)
            answer = repr(scope.get("answer"))
        else:
            answer = repr(eval(text, scope))
    except BaseException as error:
        answer = "%s: %s" % (type(error).__name__, error)
    body = answer.encode()
    start_response("200 OK", [("Content-Type", "text/plain"), ("Content-Length", str(len(body)))])
    return [body]
