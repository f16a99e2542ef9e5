"""Start of a zygote: reads what the supervisor says, imports the application, forks workers.

Imports as little as it can: everything here is paid for before the first answer and in every worker's
memory. What is needed only when something goes wrong is imported there.
"""
import os
import sys


def read_options(descriptor):
    """Options and lists from the descriptor: see gateway/worker_options.h for the keys."""
    with open(descriptor, "rb") as stream:
        items = stream.read().split(b"\0")
    options, lists = {}, {"listener": [], "pythonpath": [], "gunicorn_argument": [],
                      "uwsgi_cache": [], "uwsgi_option": [], "uwsgi_mount": [], "uwsgi_import": [],
                      "uwsgi_argument": [], "reload_ignore": [], "post_fork": []}
    for item in items:
        key, equals, value = os.fsdecode(item).partition("=")
        if not equals:
            continue
        if key in lists:
            lists[key].append(value)
        else:
            options[key] = value
    return options, lists


def load_core():
    """The extension module of this interpreter; a clear error and exit 1 when it was not built."""
    try:
        from . import _core
    except ImportError as error:
        version = "%d.%d" % sys.version_info[:2]
        here = os.path.dirname(os.path.abspath(__file__))
        built = sorted(name.split(".")[1] for name in os.listdir(here) if name.startswith("_core."))
        sys.stderr.write(
            "tierce: no extension module for CPython %s (%s) in %s: %s\n"
            "tierce: built for: %s; 'make build PYTHON=%s' builds it\n"
            % (version, sys.executable, here, error, ", ".join(built) or "none", sys.executable)
        )
        sys.exit(1)
    return _core


def did_you_mean(error):
    """What Python 3.10 and 3.11 say of a misspelled attribute on a terminal, but not in the texts of traceback."""
    name, owner = getattr(error, "name", None), getattr(error, "obj", None)
    if not isinstance(error, AttributeError) or owner is None or sys.version_info >= (3, 12):
        return ""
    import difflib

    try:
        near = difflib.get_close_matches(name, dir(owner), 1)
    except Exception:  # An object's own __dir__.
        return ""
    return ". Did you mean: %r?" % near[0] if near else ""


def format_exception(kind, value, traceback):
    """The traceback of an exception as text; the frames before those of the application left out."""
    import traceback as traceback_module

    ours = (os.path.dirname(__file__), "<frozen importlib")
    while traceback is not None and traceback.tb_frame.f_code.co_filename.startswith(ours):
        traceback = traceback.tb_next
    text = "".join(traceback_module.format_exception(kind, value, traceback)).rstrip("\n") + did_you_mean(value) + "\n"
    if traceback is None:  # Raised by us about what the application gave: there is no frame to show.
        text = "Traceback (most recent call last):\n  (what the application gave the server)\n" + text
    return text


def open_sockets():
    """Descriptors of this process that are sockets."""
    found = set()
    for name in os.listdir("/proc/self/fd"):
        try:
            if os.readlink("/proc/self/fd/" + name).startswith("socket:"):
                found.add(int(name))
        except OSError:
            pass
    return found


def describe_socket(descriptor):
    """'descriptor 5, connected to 127.0.0.1:5432' for a warning."""
    import socket

    try:
        with socket.socket(fileno=os.dup(descriptor)) as copy:
            peer = copy.getpeername()
    except OSError:
        return "descriptor %d" % descriptor
    if isinstance(peer, tuple):
        return "descriptor %d, connected to %s:%s" % (descriptor, peer[0], peer[1])
    return "descriptor %d, connected to %s" % (descriptor, peer or "a local socket")


def warn_of_unsafe_forks(core, sockets_before):
    """Says what the application has started that does not survive or must not be shared by a fork."""
    threading = sys.modules.get("threading")
    if threading is not None:
        for thread in threading.enumerate():
            if thread is not threading.main_thread():
                core.log("warning", "The application has started the thread %r while it was imported: it does "
                                    "not exist in the workers (--lazy-apps gives each its own import)" % thread.name)
    for descriptor in sorted(open_sockets() - sockets_before):
        core.log("warning", "The application has opened a socket while it was imported (%s): all workers "
                            "share it (--lazy-apps gives each its own import)" % describe_socket(descriptor))


def write_watch_list(options):
    """--reload: the files of all modules imported so far, one a line."""
    if options.get("reload") != "1":
        return
    files = set()
    for name, module in list(sys.modules.items()):
        if name in options.get("reload_ignores", ()):
            continue
        file = getattr(module, "__file__", None)
        if file and file.endswith(".py"):
            files.add(os.path.abspath(file))
    files.update(options.get("spec_files", ()))
    for name in options.get("extra_files", ()):
        import glob

        files.update(os.path.abspath(found) for found in glob.glob(name, recursive=True) or [name])
    descriptor = int(options["watch_list"])
    with open(descriptor, "wb") as stream:
        stream.write("\n".join(sorted(files)).encode("utf-8", "surrogateescape"))


def import_application(core, options, failed):
    """The application object; on failure one traceback on the error log, then exit 3."""
    from . import app_spec

    if options["greenlets"] != "0":
        from . import greenlets

        greenlets.patch(options)
    specs = [name for name in ("app", "second_app") if options.get(name)]
    if len(specs) == 2 and app_spec.files_of(options["app"]) == app_spec.files_of(options["second_app"]):
        specs.pop()  # The same file twice: one traceback is enough.
    options["spec_files"] = [file for name in specs for file in app_spec.files_of(options[name])]

    def attempt(said, load, level="critical"):
        """What load() makes, in a list; nothing when it fails."""
        try:
            return [load()]
        except app_spec.SpecError as error:
            core.log(level, "%s cannot be loaded: %s" % (said, error))
        except BaseException:
            core.log(level, "%s cannot be imported:\n%s" % (said, format_exception(*sys.exc_info()).rstrip("\n")))
        return []

    def all_of():
        for name in options.get("imports", ()):
            if not attempt("The module %r" % name, lambda: app_spec.import_module(name)):
                return []
        made = [] if specs else [None]
        for name in specs:
            source = options.get(name + "_source")
            said = "The application %r%s" % (options[name], " (%s)" % source if source else "")
            made = attempt(said, lambda: app_spec.load(options[name]), "critical" if name == specs[-1] else "error")
            if made:
                break
        if made and options.get("mounts"):
            from . import mounts

            manage = options.get("manage_script_name") == "1"
            made = attempt("What mount names", lambda: mounts.load(
                options["mounts"], options.get("mount_callable"), made[0], manage, app_spec.load))
        return made

    made = all_of()
    if made:
        if "chdir_after" in options:
            os.chdir(options["chdir_after"])
        return made[0]
    write_watch_list(options)
    failed()
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(3)


def run_worker(core, options, application, arbiter):
    """The life of a worker; returns when it has been told to exit."""
    if options["greenlets"] != "0":
        from . import greenlets

        greenlets.forked()
    if arbiter is None:
        uwsgi = options.get("uwsgi")
        if uwsgi is not None:
            uwsgi.forked()
            if not run_post_fork_hooks(core, options):
                core.worker_failed()
                sys.exit(3)
        application = application or import_application(core, options, core.worker_failed)
        if uwsgi is not None:
            uwsgi.serving(application)
        try:
            return serve(core, options, application)
        finally:
            if uwsgi is not None:
                uwsgi.ended()

    def failed():
        core.worker_failed()
        arbiter.worker_exit()

    if arbiter.post_fork():
        application = application or import_application(core, options, failed)
        application = arbiter.post_worker_init(application)
        if application is not None:
            try:
                serve(core, options, application)
            finally:
                arbiter.worker_exit()
            return
    failed()
    sys.exit(3)


def run_post_fork_hooks(core, options):
    if not options["post_fork_hooks"]:
        return True
    from . import worker_hooks

    return worker_hooks.run(core, options["post_fork_hooks"])


def serve(core, options, application):
    import faulthandler

    stack = os.memfd_create("tierce-stack") if hasattr(os, "memfd_create") else -1
    if stack >= 0:
        faulthandler.register(core.STACK_SIGNAL, file=stack, all_threads=False)
    core.worker_start(application, stack)
    if options["greenlets"] != "0":
        from . import greenlets

        return greenlets.serve(core, options)
    threads = []
    for number in range(1, int(options["threads"])):
        import threading

        thread = threading.Thread(target=core.worker_run, args=(number,), name="tierce-%d" % number, daemon=True)
        thread.start()
        threads.append(thread)
    core.worker_run(0)
    for thread in threads:
        thread.join()


def forget_library_path():
    """Takes off sys.path what the command line of the interpreter has put there."""
    if sys.path and sys.path[0] == sys.argv[1]:
        del sys.path[0]
    if sys.path and sys.path[0] == "":  # What -c puts there.
        del sys.path[0]


def forget_preload():
    """A sanitizer's run-time is for this process and its forks, not for programs that the application starts."""
    if os.environ.get("TIERCE_PYTHON_PRELOAD"):
        os.environ.pop("LD_PRELOAD", None)


def main(options_descriptor):
    forget_library_path()
    forget_preload()
    options, lists = read_options(options_descriptor)
    core = load_core()
    core.configure(options, lists["listener"], format_exception)
    arbiter = None
    if "gunicorn_table" in options:
        from . import gunicorn_hooks

        options["gunicorn_arguments"] = lists["gunicorn_argument"]
        arbiter = gunicorn_hooks.Arbiter(core, options, lists["listener"])
        options["app"], options["extra_files"] = arbiter.app.app_uri, arbiter.cfg.reload_extra_files
    else:
        sys.argv = [options["app"]]
        sys.path[0:0] = [os.getcwd()] + [os.path.abspath(entry) for entry in lists["pythonpath"]]

    if options["greenlets"] != "0":
        from . import greenlets

        if not greenlets.find(core):
            core.zygote_say(False, 0)
            os._exit(3)
    if "uwsgi_memory" in options:
        from . import uwsgi_module

        options["uwsgi"] = uwsgi_module.Application(core, options, lists)
        options.update(mounts=lists["uwsgi_mount"], imports=lists["uwsgi_import"],
                       reload_ignores=lists["reload_ignore"], post_fork_hooks=lists["post_fork"])
        sys.argv = ["uwsgi"] + lists["uwsgi_argument"]
        sys.executable = options.get("executable", sys.executable)
        if "title_zygote" in options:
            core.set_title(options["title_zygote"])

    application = None
    if options.get("lazy") != "1":
        sockets_before = open_sockets()
        application = import_application(core, options, lambda: core.zygote_say(False, 0))
        warn_of_unsafe_forks(core, sockets_before)
        write_watch_list(options)
    if arbiter is not None and not arbiter.ready():
        core.zygote_say(False, 0)
        os._exit(3)
    import gc

    gc.collect()
    gc.freeze()  # Pages of what exists now stay shared with the workers.
    core.zygote_say(True, 0 if arbiter is None else arbiter.num_workers)
    if core.zygote_loop(arbiter):
        run_worker(core, options, application, arbiter)
        sys.exit(0)
    # The zygote itself: the application's atexit handlers are for the workers, which ran it.
    os._exit(0)
