"""Gunicorn's configuration, read as Gunicorn reads it: defaults, the file, GUNICORN_CMD_ARGS, the command line.

Runs twice: once for the server, which is told the outcome (main), and once in the process that plays the
arbiter, for the hooks (load). The settings themselves, with their kinds and defaults, are the rows of
src/config/gunicorn_settings.cc; what a kind means is here.
"""
import argparse
import ast
import os
import re
import sys


class ConfigError(Exception):
    """Text for the user, without a traceback."""


class ReadFailed(Exception):
    """The configuration cannot be read; the text says it all, the user's traceback included."""


class DefaultHook:
    """What stands where the user has defined no hook."""

    def __init__(self, text):
        self.__qualname__ = text.strip("<>")[:-2]

    def __call__(self, *arguments):
        pass


# --- kinds: how a value is checked ------------------------------------------------------------------

def validate_string(value):
    if value is None:
        return None
    if not isinstance(value, str):
        raise TypeError("Not a string: %s" % (value,))
    return value.strip()


def validate_bool(value):
    if value is None or isinstance(value, bool):
        return value
    if not isinstance(value, str):
        raise TypeError("Invalid type for casting: %s" % (value,))
    if value.lower().strip() not in ("true", "false"):
        raise ValueError("Invalid boolean: %s" % value)
    return value.lower().strip() == "true"


def validate_number(value, least=0, most=None):
    value = int(value) if isinstance(value, int) else int(value, 0)
    if value < 0:
        raise ValueError("Value must be positive: %s" % value)
    if value < least or (most is not None and value > most):
        raise ValueError("must be between %s and %s, got %s" % (least, most, value))
    return value


def validate_list(value):
    if not value:
        return []
    return [validate_string(item) for item in ([value] if isinstance(value, str) else value)]


def validate_words(value):
    value = validate_string(value)
    return [word.strip() for word in value.split(",") if word] if value else []


def validate_addresses(value):
    words = validate_words(value)
    if any(word != "*" for word in words):
        import ipaddress

        for word in words:
            if word != "*":
                ipaddress.ip_network(word)
    return words


def is_pattern(name):
    return re.search(r"[*?[]", name) is not None


def validate_files(value):
    names = validate_list(value)
    for name in names:
        if not is_pattern(name) and not os.path.exists(name):
            raise ValueError("File %s does not exists." % name)
    return names


def validate_class(value):
    import inspect

    if inspect.isfunction(value) or inspect.ismethod(value):
        value = value()
    return value if inspect.isclass(value) else validate_string(value)


def validate_dict(value):
    if not isinstance(value, dict):
        raise TypeError("Value is not a dictionary: %s " % (value,))
    return value


def arity_of(function):
    import inspect

    positional = (inspect.Parameter.POSITIONAL_ONLY, inspect.Parameter.POSITIONAL_OR_KEYWORD)
    return sum(parameter.kind in positional for parameter in inspect.signature(function).parameters.values())


def validate_hook(value, arity):
    if isinstance(value, str):
        module, dot, name = value.rpartition(".")
        if not dot:
            raise TypeError("Value '%s' is not import string. Format: module[.submodules...].object" % value)
        try:
            value = getattr(__import__(module, fromlist=[name]), name)
        except ImportError as error:
            raise TypeError(str(error))
        except AttributeError:
            raise TypeError("Can not load '%s' from '%s'" % (name, module))
    if not callable(value):
        raise TypeError("Value is not callable: %s" % (value,))
    if arity != -1 and arity_of(value) != arity:
        raise TypeError("Value must have an arity of: %s" % arity)
    return value


def validate_post_request(value):
    value = validate_hook(value, -1)
    arity = arity_of(value)
    if arity == 4:
        return value
    if arity == 3:
        return lambda worker, req, environ, _: value(worker, req, environ)
    if arity == 2:
        return lambda worker, req, _, __: value(worker, req)
    raise TypeError("Value must have an arity of: 4")


def validate_user(value):
    if value is None:
        return os.geteuid()
    if isinstance(value, int):
        return value
    if value.isdigit():
        return int(value)
    import pwd

    try:
        return pwd.getpwnam(value).pw_uid
    except KeyError:
        raise ConfigError("No such user: '%s'" % value)


def validate_group(value):
    if value is None:
        return os.getegid()
    if isinstance(value, int):
        return value
    if value.isdigit():
        return int(value)
    import grp

    try:
        return grp.getgrnam(value).gr_gid
    except KeyError:
        raise ConfigError("No such group: '%s'" % value)


def where_we_stand():
    """The working directory by the name the user knows it by."""
    try:
        named, here = os.stat(os.environ["PWD"]), os.stat(os.getcwd())
        if (named.st_ino, named.st_dev) == (here.st_ino, here.st_dev):
            return os.environ["PWD"]
    except (KeyError, OSError):
        pass
    return os.getcwd()


def validate_chdir(value):
    value = validate_string(value)
    path = os.path.abspath(os.path.normpath(os.path.join(where_we_stand(), value)))
    if not os.path.exists(path):
        raise ConfigError("can't chdir to %r" % value)
    return path


def validate_statsd(value):
    value = validate_string(value)
    if value is None:
        return None
    named_unix = re.match(r"^unix:(\d+)$", value)
    if named_unix:
        return ("unix", int(named_unix.group(1)))
    try:
        return parse_address(value, "8125")
    except RuntimeError:
        raise TypeError("Value must be one of ('host:port', 'unix://PATH')")


def parse_address(text, default_port="8000"):
    """What an address of `bind` is in cfg.address: a path, a descriptor or (host, port)."""
    if text.startswith("unix:"):
        return re.split(r"unix:(//)?", text)[-1]
    if text.startswith("fd://"):
        try:
            return int(text[5:])
        except ValueError:
            raise RuntimeError("%r is not a valid file descriptor." % text[5:])
    if text.startswith("tcp://"):
        text = text[6:]
    host, port = text, default_port
    if "[" in text and "]" in text:
        host = text.split("]")[0][1:]
        port = (text.split("]:") + [default_port])[1]
    elif ":" in text:
        host, port = (text.split(":") + [default_port])[:2]
    elif text == "":
        host = "0.0.0.0"
    try:
        return host.lower(), int(port)
    except ValueError:
        raise RuntimeError("%r is not a valid port number." % port)


def validate_proxy_protocol(value):
    if value is None:
        return "off"
    if isinstance(value, bool):
        return "auto" if value else "off"
    if not isinstance(value, str):
        raise TypeError("proxy_protocol must be string or bool")
    known = {"false": "off", "off": "off", "0": "off", "none": "off", "true": "auto", "auto": "auto", "1": "auto",
             "v1": "v1", "v2": "v2"}
    if value.lower().strip() not in known:
        raise ValueError("proxy_protocol must be: off, v1, v2, or auto")
    return known[value.lower().strip()]


def validate_http_protocols(value):
    if value is None:
        return ["h1"]
    if not isinstance(value, str):
        raise TypeError("http_protocols must be a string")
    words = [word.strip().lower() for word in value.split(",") if word.strip()]
    for word in words:
        if word not in ("h1", "h2", "h3"):
            raise ValueError("Invalid protocol '%s'. Valid protocols: h1, h2" % word)
    if len(words) != len(set(words)):
        raise ValueError("Duplicate protocols specified")
    return words or ["h1"]


def validate_http2_cleartext(value):
    if value is None:
        return "off"
    if isinstance(value, bool):
        return "prior-knowledge" if value else "off"
    return validate_lower(value, "off", "prior-knowledge", "upgrade", "both")


def validate_lower(value, *known):
    if value is None:
        return known[0]
    if not isinstance(value, str):
        raise TypeError("Invalid type for casting: %s" % (value,))
    if value.lower().strip() not in known:
        raise ValueError("%r is none of %s" % (value, ", ".join(known)))
    return value.lower().strip()


def validate_header_map(value):
    return None if value is None else validate_lower(value, "drop", "refuse", "dangerous")


def validate_choice(value, *known):
    if value not in known:
        raise ConfigError("%r is none of %s" % (value, ", ".join(known)))
    return value


def validate_ssl_version(value):
    if value != 2:
        sys.stderr.write("Warning: ssl_version is deprecated and ignored.\n")
    return value


def octal_or_int(text):
    """Of a command line: 022 is octal."""
    if re.match(r"0(\d)", text):
        text = text.replace("0", "0o", 1)
    return int(text, 0)


octal_or_int.__name__ = "auto_int"  # argparse names it in its messages.

VALIDATORS = {
    "string": validate_string, "int": validate_number, "octal": validate_number, "number": validate_number,
    "flag": validate_bool, "off": validate_bool, "list": validate_list, "words": validate_words,
    "addresses": validate_addresses, "files": validate_files, "class": validate_class, "dict": validate_dict,
    "hook": validate_hook, "post_request": validate_post_request, "user": validate_user, "group": validate_group,
    "chdir": validate_chdir, "statsd": validate_statsd, "proxy_protocol": validate_proxy_protocol,
    "http_protocols": validate_http_protocols, "http2_cleartext": validate_http2_cleartext, "lower": validate_lower,
    "header_map": validate_header_map, "choice": validate_choice, "ssl_version": validate_ssl_version,
}
# What argparse is told of a kind.
PARSING = {
    "int": {"type": int}, "octal": {"type": octal_or_int}, "flag": {"action": "store_true"},
    "off": {"action": "store_const", "const": False}, "list": {"action": "append"}, "files": {"action": "append"},
    "proxy_protocol": {"nargs": "?", "const": "auto"},
}


def default_of(kind, text):
    """A default of the table as a value."""
    if kind in ("hook", "post_request"):
        return DefaultHook(text)
    if text == "None":
        return None
    if kind in ("int", "octal", "number", "ssl_version", "user", "group", "flag", "off", "list", "files", "words",
                "addresses", "http_protocols", "dict"):
        return ast.literal_eval(text)
    return text


def control_socket():
    runtime = os.environ.get("XDG_RUNTIME_DIR")
    if runtime and os.path.isdir(runtime):
        return os.path.join(runtime, "gunicorn.ctl")
    return os.path.join(os.path.expanduser("~"), ".gunicorn", "gunicorn.ctl")


# Defaults that depend on where and by whom we are started.
CURRENT = {
    "bind": lambda default: ["0.0.0.0:" + os.environ["PORT"]] if "PORT" in os.environ else default,
    "workers": lambda default: int(os.environ.get("WEB_CONCURRENCY", default)),
    "forwarded_allow_ips": lambda default: validate_addresses(os.environ["FORWARDED_ALLOW_IPS"])
    if "FORWARDED_ALLOW_IPS" in os.environ else default,
    "chdir": lambda default: where_we_stand(),
    "user": lambda default: os.geteuid(),
    "group": lambda default: os.getegid(),
    "control_socket": lambda default: control_socket(),
}


class Setting:
    def __init__(self, name, flags, kind, default):
        self.name = name
        self.cli = flags.split(",") if flags else []
        self.kind, *self.arguments = kind.split(" ")
        value = default_of(self.kind, default)
        self.default = self.value = CURRENT[name](value) if name in CURRENT else value
        self.place = None

    def get(self):
        return self.value

    def set(self, value):
        arguments = [int(word) if word.isdigit() else word for word in self.arguments if word != "max"]
        self.value = VALIDATORS[self.kind](value, *arguments)

    def shown(self, value):
        return "<%s()>" % value.__qualname__ if callable(value) else "%s" % (value,)

    def __str__(self):
        return self.shown(self.value)

    @property
    def changed(self):
        return self.place is not None and str(self) != self.shown(self.default)


class Config:
    """What hooks know as cfg: each setting is an attribute."""

    def __init__(self, table):
        rows = [line.split("|", 3) for line in table.splitlines()]
        self.settings = {name: Setting(name, flags, kind, default) for name, flags, kind, default in rows}
        self.env_orig = os.environ.copy()
        self.prog = "gunicorn"

    def __getattr__(self, name):
        settings = self.__dict__.get("settings", {})
        if name not in settings:
            raise AttributeError("No configuration setting for: %s" % name)
        return settings[name].value

    def __setattr__(self, name, value):
        if name != "settings" and name in self.__dict__.get("settings", {}):
            raise AttributeError("Invalid access!")
        super().__setattr__(name, value)

    def __str__(self):
        width = max(map(len, self.settings))
        return "\n".join("%-*s = %s" % (width, name, self.settings[name]) for name in sorted(self.settings))

    def set(self, name, value, place="the program"):
        if name not in self.settings:
            raise AttributeError("No configuration setting for: %s" % name)
        self.settings[name].set(value)
        self.settings[name].place = place

    @property
    def worker_class_str(self):
        name = self.settings["worker_class"].value
        if not isinstance(name, str):
            return name.__name__
        return "gthread" if (name == "sync" or name.endswith("SyncWorker")) and self.threads > 1 else name

    @property
    def address(self):
        return [parse_address(text) for text in self.settings["bind"].value]

    @property
    def uid(self):
        return self.settings["user"].value

    @property
    def gid(self):
        return self.settings["group"].value

    @property
    def proc_name(self):
        name = self.settings["proc_name"].value
        return self.settings["default_proc_name"].value if name is None else name

    @property
    def is_ssl(self):
        return self.certfile or self.keyfile

    @property
    def env(self):
        found = {}
        for text in self.settings["raw_env"].value:
            name, equals, value = text.partition("=")
            if not equals:
                raise ConfigError("environment setting %r invalid" % text)
            found[name] = value
        return found


# --- the sources ------------------------------------------------------------------------------------

def parser_of(cfg):
    parser = argparse.ArgumentParser(prog="gunicorn", usage="%(prog)s [OPTIONS] [APP_MODULE]", add_help=False)
    parser.add_argument("args", nargs="*")
    for setting in cfg.settings.values():
        if setting.cli:
            parser.add_argument(*setting.cli, dest=setting.name, default=None, **PARSING.get(setting.kind, {}))
    return parser


def lines_of(filename):
    """name -> line of what a file assigns, defines or imports at its top level."""
    with open(filename, "rb") as stream:
        tree = ast.parse(stream.read())
    found = {}

    def visit(nodes):
        for node in nodes:
            if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
                found[node.name] = node.lineno
                continue
            if isinstance(node, (ast.Import, ast.ImportFrom)):
                for alias in node.names:
                    found[alias.asname or alias.name] = node.lineno
            for target in getattr(node, "targets", [getattr(node, "target", None)]):
                for name in ast.walk(target) if target is not None else ():
                    if isinstance(name, ast.Name):
                        found[name.id] = node.lineno
            for block in ("body", "orelse", "finalbody"):
                visit(getattr(node, block, ()) or ())
            for handler in getattr(node, "handlers", ()):
                visit(handler.body)

    visit(tree.body)
    return found


def user_traceback(error):
    """The traceback of the user's own file: our frames and the import system's are left out."""
    import traceback

    here = os.path.dirname(__file__)
    frames = error.__traceback__
    while frames is not None and (frames.tb_frame.f_code.co_filename.startswith(here)
                                  or frames.tb_frame.f_code.co_filename.startswith("<frozen importlib")):
        frames = frames.tb_next
    return "".join(traceback.format_exception(type(error), error, frames))


def run_file(filename):
    """The names a configuration file defines. Raises whatever it raises."""
    import importlib.machinery
    import importlib.util

    if not os.path.exists(filename):
        raise ConfigError("%r doesn't exist" % filename)
    extension = os.path.splitext(filename)[1]
    loader = None
    if extension not in (".py", ".pyc"):
        loader = importlib.machinery.SourceFileLoader("__config__", filename)
    found = importlib.util.spec_from_file_location("__config__", filename, loader=loader)
    module = importlib.util.module_from_spec(found)
    sys.modules["__config__"] = module
    found.loader.exec_module(module)
    return vars(module)


def execute(filename):
    try:
        return run_file(filename)
    except ConfigError:
        raise
    except Exception as error:
        raise ReadFailed("Failed to read config file: %s\n%s" % (filename, user_traceback(error)))


def set_from_file(cfg, location):
    if location.startswith("python:"):
        import importlib

        name = location[len("python:"):]
        try:
            values = vars(importlib.import_module(name))
        except Exception as error:
            if isinstance(error, ModuleNotFoundError) and error.name == name:
                raise
            raise ReadFailed("Failed to import the configuration %s:\n%s" % (name, user_traceback(error)))
        filename = values.get("__file__") or name
    else:
        filename = location[len("file:"):] if location.startswith("file:") else location
        values = execute(filename)
    lines = None
    for name, value in list(values.items()):
        if name not in cfg.settings:
            continue
        if lines is None:
            try:
                lines = lines_of(filename)
            except (OSError, SyntaxError, ValueError):
                lines = {}
        place = "%s:%d" % (filename, lines[name]) if name in lines else filename
        try:
            cfg.set(name, value, place)
        except Exception as error:
            raise ReadFailed("%s: Invalid value for %s: %s\n\nError: %s\n" % (place, name, value, error))


def stand_there(cfg):
    os.chdir(cfg.chdir)
    if cfg.chdir not in sys.path:
        sys.path.insert(0, cfg.chdir)


def read_sources(cfg, arguments):
    """Fills cfg; answers the name of the application."""
    import shlex

    parser = parser_of(cfg)
    given = vars(parser.parse_args(arguments))
    words = given.pop("args")
    app = words[0] if words else None
    if app is not None:
        cfg.set("default_proc_name", app)
    stand_there(cfg)
    from_environment = vars(parser.parse_args(shlex.split(cfg.env_orig.get("GUNICORN_CMD_ARGS", ""))))
    from_environment.pop("args")
    location = given["config"] or from_environment["config"]
    if location is None and os.path.exists(os.path.join(os.path.abspath(os.getcwd()), "gunicorn.conf.py")):
        location = os.path.join(os.path.abspath(os.getcwd()), "gunicorn.conf.py")
    if location is not None:
        set_from_file(cfg, location)
    for place, values in (("GUNICORN_CMD_ARGS", from_environment), ("command line", given)):
        for name, value in values.items():
            if value is None:
                continue
            try:
                cfg.set(name, value, place)
            except Exception as error:
                raise ConfigError("%s: %s: %s" % (place, name, error))
    stand_there(cfg)
    if app is None and cfg.paste is None:
        app = cfg.wsgi_app
        if app is None:
            raise ConfigError("No application module specified.")
    return app


def load(arguments, table, directory):
    """(cfg, application name). Raises ReadFailed; a wrong command line ends the process with 2."""
    try:
        os.chdir(directory)
    except PermissionError:
        pass  # The user of the workers may not stand where the user who starts them stood.
    sys.argv = ["gunicorn"] + arguments
    try:
        cfg = Config(table)
        app = read_sources(cfg, arguments)
        cfg.env, cfg.address  # Both may be wrong.
    except ReadFailed:
        raise
    except Exception as error:
        raise ReadFailed("\nError: %s\n" % error)
    return cfg, app


def add_python_path(cfg):
    for entry in (cfg.pythonpath or "").split(","):
        path = os.path.abspath(entry)
        if entry and path not in sys.path:
            sys.path.insert(0, path)


# --- for the server ---------------------------------------------------------------------------------

def outcome(cfg, app):
    """What the server is told: see GunicornValues in config/gunicorn_settings.h."""
    items = ["=%s" % (app or "")]
    for name, setting in cfg.settings.items():
        if setting.changed:
            items.append("@%s=%s" % (name, setting.place))
        value = setting.value
        if isinstance(value, DefaultHook) or value is None:
            continue
        if isinstance(value, dict):
            value = ["%s: %s" % item for item in value.items()]
        for text in value if isinstance(value, list) else [value.__name__ if callable(value) else value]:
            items.append("%s=%s" % (name, text))
    return b"\0".join(os.fsencode(item) for item in items)


def check_application(cfg, app):
    from . import app_spec

    try:
        os.environ.update(cfg.env)
        add_python_path(cfg)
        app_spec.load(app)
    except app_spec.SpecError as error:
        sys.stderr.write("\nError while loading the application:\n\n%s: %s\n" % (app, error))
        sys.exit(1)
    except Exception as error:
        sys.stderr.write("\nError while loading the application:\n\n%s" % user_traceback(error))
        sys.exit(1)


def main(descriptor):
    from . import boot

    boot.forget_library_path()
    options, lists = boot.read_options(descriptor)
    try:
        cfg, app = load(lists["gunicorn_argument"], options["gunicorn_table"], options["gunicorn_directory"])
    except ReadFailed as failure:
        sys.stderr.write(str(failure))
        sys.stderr.flush()
        sys.exit(1)
    with open(int(options["outcome"]), "wb") as stream:
        stream.write(outcome(cfg, app))
    if cfg.print_config:
        print(cfg)
        sys.stdout.flush()
    if cfg.print_config or cfg.check_config:
        if cfg.paste is None:  # Which the server refuses.
            check_application(cfg, app)
    sys.stdout.flush()
    sys.exit(0)
