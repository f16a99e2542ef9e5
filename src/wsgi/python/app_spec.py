"""What 'module:callable' and its relatives mean; gunicorn's reading, with two additions.

    module:callable      an attribute, dotted if need be
    module:factory()     called, arguments may be literals: factory('prod', debug=False)
    module               its 'application', else its 'app'
    dir/file.py[:name]   a file
"""
import os
import sys


class SpecError(Exception):
    """The specification does not name an application; the text says why."""


def split(spec):
    """('module or file', 'expression or empty') of a specification."""
    head, tail = os.path.split(spec)
    module, _, expression = tail.partition(":")
    return (os.path.join(head, module) if head else module), expression


def is_file(module):
    # mysite.wsgi is Django's module, unless there is such a file.
    return module.endswith(".py") or os.sep in module or module.endswith(".wsgi") and os.path.isfile(module)


def files_of(spec):
    """Files whose change may mend a specification that cannot be imported."""
    module, _ = split(spec)
    path = module if is_file(module) else os.path.join(*module.split(".")) + ".py"
    if os.path.isfile(path) and not path.endswith(".py"):
        return [os.path.abspath(path)]
    if not path.endswith(".py"):
        path += ".py"
    return [os.path.abspath(path), os.path.abspath(os.path.join(path[:-3], "__init__.py"))]


def import_file(path):
    import importlib.machinery
    import importlib.util
    import re

    if not path.endswith(".py") and not os.path.isfile(path):
        path += ".py"
    path = os.path.abspath(path)
    if not os.path.isfile(path):
        raise SpecError("there is no file %s" % path)
    sys.path.insert(0, os.path.dirname(path))
    name = os.path.basename(path)
    # Of other files uWSGI's name.
    name = name[:-3] if name.endswith(".py") else "uwsgi_file_" + re.sub("[^0-9A-Za-z]", "_", name)
    loader = importlib.machinery.SourceFileLoader(name, path)
    found = importlib.util.spec_from_file_location(name, path, loader=loader)
    module = importlib.util.module_from_spec(found)
    sys.modules[name] = module
    found.loader.exec_module(module)
    return module


def other_files(directory):
    """'; DIRECTORY has app.py, ...' for a complaint: the file may have another name."""
    try:
        found = sorted(name for name in os.listdir(directory) if name.endswith(".py"))[:3]
    except OSError:
        return ""
    return "; %s has %s" % (directory, ", ".join(found)) if found else ""


def import_module(name):
    if is_file(name):
        return import_file(name)
    try:
        __import__(name)
    except ModuleNotFoundError as error:
        # Only when the module itself is missing: an import error within it is the application's.
        if error.name is None or not (name == error.name or name.startswith(error.name + ".")):
            raise
        raise SpecError("no module named %r in %s%s"
                        % (error.name, ", ".join(repr(p) for p in sys.path[:3]), other_files(os.getcwd())))
    return sys.modules[name]


def evaluate(module, expression):
    """The attribute or the call that stands behind the colon."""
    import ast

    try:
        tree = ast.parse(expression, mode="eval").body
    except SyntaxError:
        raise SpecError("%r is neither an attribute nor a call of one" % expression)
    arguments, keywords, called = [], {}, isinstance(tree, ast.Call)
    target = tree.func if called else tree
    names = []
    while isinstance(target, ast.Attribute):
        names.append(target.attr)
        target = target.value
    if not isinstance(target, ast.Name):
        raise SpecError("%r is neither an attribute nor a call of one" % expression)
    names.append(target.id)
    if called:
        try:
            arguments = [ast.literal_eval(argument) for argument in tree.args]
            keywords = {keyword.arg: ast.literal_eval(keyword.value) for keyword in tree.keywords}
        except ValueError:
            raise SpecError("the arguments in %r must be literals" % expression)
    found = module
    for name in reversed(names):
        try:
            found = getattr(found, name)
        except AttributeError:
            near = [known for known in ("application", "app", "create_app", "make_app") if hasattr(module, known)]
            raise SpecError("module %r has no attribute %r%s"
                            % (module.__name__, name, "; it has " + ", ".join(near) if near else ""))
    return found(*arguments, **keywords) if called else found


def load(spec):
    """The WSGI callable that `spec` names. Raises SpecError, or what the import raises."""
    name, expression = split(spec)
    if not name:
        raise SpecError("no module is named before ':'")
    module = import_module(name)
    if expression:
        application = evaluate(module, expression)
    else:
        application = getattr(module, "application", None)
        if application is None:
            application = getattr(module, "app", None)
        if application is None:
            raise SpecError("module %r has neither 'application' nor 'app'; name it as MODULE:CALLABLE" % name)
    if not callable(application):
        raise SpecError("%r is a %s, and not callable" % (spec, type(application).__name__))
    return application
