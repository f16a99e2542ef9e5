"""hook-post-fork: what runs in each worker, between its fork and the application's first request."""
import os
import sys


def _execute(command):
    import subprocess

    code = subprocess.call(command, shell=True)
    if code:
        raise OSError("exited with %d" % code)


def _put(variable):
    name, equals, value = variable.partition("=")
    if not equals:
        raise ValueError("expects NAME=VALUE")
    os.environ[name] = value


def run(core, hooks):
    """False when one has failed: the worker ends then, as in uWSGI."""
    actions = {"exec": _execute, "safeexec": _execute, "cd": os.chdir, "chdir": os.chdir, "putenv": _put,
               "print": lambda text: core.log("info", text), "log": lambda text: core.log("info", text),
               "mkdir": os.mkdir, "unlink": os.unlink, "exit": lambda code: os._exit(int(code or 0))}
    for hook in hooks:
        action, _, argument = hook.partition(":")
        core.log("info", 'running "%s" (post-fork)' % hook)
        try:
            actions[action](argument)
        except (OSError, ValueError) as error:
            core.log("error", "hook post-fork %s: %s" % (hook, error))
            if action != "safeexec":
                sys.stderr.flush()
                return False
    return True
