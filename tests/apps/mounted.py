"""Several applications in one module, each saying who it is and what it was told."""

import os
import sys


def named(name):
    def application(environ, start_response):
        start_response("200 OK", [("Content-Type", "text/plain")])
        return [f"{name} {environ.get('SCRIPT_NAME')} {environ['PATH_INFO']}".encode()]
    return application


one, two, application = named("one"), named("two"), named("default")


def told(environ, start_response):
    """What Python was told: /NAME is an expression's name."""
    import json
    import resource

    answers = {"argv": sys.argv, "optimize": sys.flags.optimize, "executable": sys.executable, "cwd": os.getcwd(),
               "environ": dict(os.environ), "modules": sorted(sys.modules), "wrapper": "wsgi.file_wrapper" in environ,
               "affinity": sorted(os.sched_getaffinity(0)), "as": resource.getrlimit(resource.RLIMIT_AS)[0],
               "fd": resource.getrlimit(resource.RLIMIT_NOFILE)[0], "groups": os.getgroups(), "uid": os.getuid(),
               "marker": os.path.exists("/marker-of-the-jail"), "pid": os.getpid(), "prefix": sys.prefix}
    start_response("200 OK", [("Content-Type", "application/json")])
    return [json.dumps(answers).encode()]


held = []


def grows(environ, start_response):
    """/MIB allocates and keeps that much."""
    held.append(b"x" * (int(environ["PATH_INFO"][1:] or 0) << 20))
    start_response("200 OK", [("Content-Type", "text/plain")])
    return [str(os.getpid()).encode()]


def leaves_children(environ, start_response):
    """Starts a child and forgets it; answers how many have ended and nobody has waited for."""
    if environ["PATH_INFO"] == "/start":
        if os.fork() == 0:
            os._exit(0)
    zombies = 0
    for name in os.listdir("/proc"):
        try:
            fields = open(f"/proc/{name}/stat").read().rsplit(")", 1)[1].split() if name.isdigit() else None
        except OSError:
            continue
        zombies += bool(fields and fields[0] == "Z" and int(fields[1]) == os.getpid())
    start_response("200 OK", [("Content-Type", "text/plain")])
    return [str(zombies).encode()]
