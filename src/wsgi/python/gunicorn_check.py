"""`tierce check` of a Gunicorn configuration: read as the server reads it, but reading goes on behind what is wrong,
and a command line without an application is none of that. What is found goes with the outcome."""
import ast
import os
import sys
import traceback

from . import boot, gunicorn_conf
from .gunicorn_conf import ConfigError

# Settings that are about users and directories, which may be another machine's.
OF_A_MACHINE = ("user", "group", "chdir")


class Findings:
    def __init__(self):
        self.items = []

    def error(self, place, text, setting=""):
        """`place`: "FILE:LINE", or "" for where Gunicorn is started."""
        kind = "machine" if setting in OF_A_MACHINE else "error"
        self.items.append("!%s=%s\x1f%s" % (kind, place, " ".join(text.split())))

    def misspelt(self, name, place):
        self.items.append("!name=%s\x1f%s" % (place, name))


def place_of(error, filename, shown):
    """The line of the configuration on which it was raised, however deep."""
    if isinstance(error, SyntaxError) and error.filename and error.lineno:
        return "%s:%d" % (shown if error.filename == filename else error.filename, error.lineno)
    lines = [line for frame, line in traceback.walk_tb(error.__traceback__) if frame.f_code.co_filename == filename]
    return "%s:%d" % (shown, lines[-1]) if lines else shown


def said_by(error):
    text = error.msg if isinstance(error, SyntaxError) else str(error)
    return "%s: %s" % (type(error).__name__, text) if text else type(error).__name__


def values_of(location, shown, findings):
    """(file, what it defines)"""
    if location.startswith("python:"):
        import importlib

        try:
            values = vars(importlib.import_module(location[len("python:"):]))
        except BaseException as error:
            findings.error("", "cannot import the configuration %s: %s" % (location, said_by(error)))
            return location, {}
        return values.get("__file__") or location, values
    filename = location[len("file:"):] if location.startswith("file:") else location
    try:
        return filename, gunicorn_conf.run_file(filename)
    except ConfigError as error:
        findings.error("", str(error))
    except BaseException as error:  # sys.exit() too.
        findings.error(place_of(error, filename, shown or filename), said_by(error))
    return filename, {}


def plain_names(filename):
    """name -> line of lower-case names to which a plain value is given and which nothing else in the file uses."""
    with open(filename, "rb") as stream:
        tree = ast.parse(stream.read())
    used = {node.id for node in ast.walk(tree) if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load)}
    found = {}
    for node in tree.body:
        if not isinstance(node, (ast.Assign, ast.AnnAssign)):
            continue
        target = node.targets[0] if isinstance(node, ast.Assign) else node.target
        if isinstance(target, ast.Name) and target.id.islower() and not target.id.startswith("_"):
            found[target.id] = node.lineno
    return {name: line for name, line in found.items() if name not in used}


def set_from_file(cfg, location, shown, findings):
    filename, values = values_of(location, shown, findings)
    shown = shown or filename
    try:
        lines = gunicorn_conf.lines_of(filename)
        plain = plain_names(filename)
    except (OSError, SyntaxError, ValueError):
        lines, plain = {}, {}
    for name, value in list(values.items()):
        place = "%s:%d" % (shown, lines[name]) if name in lines else shown
        if name in cfg.settings:
            set_one(cfg, name, value, place, findings)
        elif name in plain and isinstance(value, (int, str, list)):
            findings.misspelt(name, place)


def set_one(cfg, name, value, place, findings, wrong_place=None):
    try:
        cfg.set(name, value, place)
    except Exception as error:
        findings.error(place if wrong_place is None else wrong_place, "%s = %r: %s" % (name, value, error), name)


def stand_there(cfg):
    try:
        gunicorn_conf.stand_there(cfg)
    except OSError:
        pass  # Said where it was set.


def read(cfg, arguments, shown, findings):
    """Fills cfg; answers the name of the application, None where nobody names one."""
    import shlex

    def refuse(text):
        raise ConfigError(text)

    parser = gunicorn_conf.parser_of(cfg)
    parser.error = refuse
    given = vars(parser.parse_args(arguments))
    words = given.pop("args")
    if words:
        cfg.set("default_proc_name", words[0])
    stand_there(cfg)
    from_environment = vars(parser.parse_args(shlex.split(cfg.env_orig.get("GUNICORN_CMD_ARGS", ""))))
    from_environment.pop("args")
    location = given["config"] or from_environment["config"]
    if location is None and os.path.exists("gunicorn.conf.py"):
        location = os.path.abspath("gunicorn.conf.py")
    if location is not None:
        set_from_file(cfg, location, shown, findings)
    for place, values in (("GUNICORN_CMD_ARGS", from_environment), ("command line", given)):
        for name, value in values.items():
            if value is not None:
                set_one(cfg, name, value, place, findings, "")
    for wrong in ("env", "address"):
        try:
            getattr(cfg, wrong)
        except Exception as error:
            findings.error("", str(error))
    return words[0] if words else cfg.wsgi_app


def main(descriptor):
    # Standard output is for what `tierce check` has to say.
    os.dup2(2, 1)
    boot.forget_library_path()
    options, lists = boot.read_options(descriptor)
    findings = Findings()
    app = None
    try:
        os.chdir(options["gunicorn_directory"])
    except OSError:
        pass
    sys.argv = ["gunicorn"] + lists["gunicorn_argument"]
    cfg = gunicorn_conf.Config(options["gunicorn_table"])
    try:
        app = read(cfg, lists["gunicorn_argument"], options.get("gunicorn_shown"), findings)
    except Exception as error:
        findings.error("", str(error))
    items = [gunicorn_conf.outcome(cfg, app)] + [os.fsencode(item) for item in findings.items]
    with open(int(options["outcome"]), "wb") as stream:
        stream.write(b"\0".join(items))
    # Whatever the configuration has begun: nothing of it is ours.
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(0)
