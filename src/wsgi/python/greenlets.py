"""Requests in greenlets of the application's gevent: one native thread, whose hub starts one for each.

The edge says by a descriptor that something is there; the hub spawns as many greenlets as there are requests
and room, and each takes its request when it begins (wsgi/worker_greenlets.cc). Where a thread would sleep,
for room in the ring of a response, the greenlet waits in the hub.
"""
import sys

BEAT = 1.0  # Seconds, as Gunicorn's worker; less when its timeout is short.


def find(core):
    """False, and a line in the log that says what to install, when there is no gevent."""
    try:
        import gevent
        import gevent.event
        import gevent.hub
        import gevent.monkey  # noqa: F401
    except ImportError as error:
        core.log("critical", "The gevent worker needs gevent, which %s cannot import: %s. %s -m pip install gevent"
                 % (sys.executable, error, sys.executable))
        return False
    return True


def patch(options):
    """Before the application is imported, so that what it takes from the standard library waits in greenlets."""
    if options["monkey_patch"] == "1":
        from gevent import monkey

        if not monkey.is_module_patched("socket"):
            monkey.patch_all()


def forked():
    """In a new worker: a hub that the import has made does not know of the fork."""
    import gevent

    gevent.reinit()


def threads_are_greenlets():
    """What waits without gevent's knowledge would stop the whole worker."""
    monkey = sys.modules.get("gevent.monkey")
    return monkey is not None and monkey.is_module_patched("threading")


def stack_of(greenlet):
    """Where it waits, the application's part of it."""
    import traceback

    frame = greenlet.gr_frame
    stack = traceback.extract_stack(frame) if frame is not None else []
    return "".join(traceback.format_list([line for line in stack if line.filename != __file__]))


def serve(core, options):
    """Until the worker has been told to exit and its last request is answered."""
    import gevent
    from gevent.event import Event
    from gevent.hub import Waiter

    loop = gevent.get_hub().loop
    over = Event()

    def run():
        begin(core.hub_run())
        if core.hub_over():
            over.set()

    def begin(count):
        for _ in range(count):
            gevent.spawn(run)

    def turn(watcher, descriptor):
        count = core.hub_turn(descriptor)
        if count < 0:
            return watcher.stop()
        begin(count)
        if core.hub_over():
            over.set()

    watchers = []
    for descriptor in core.hub_begin(gevent.getcurrent, Waiter, gevent.sleep,
                                     lambda: loop.run_callback(core.hub_flush), stack_of):
        watchers.append(loop.io(descriptor, 1))
        watchers[-1].start(turn, watchers[-1], descriptor)
    if options["hub_timeout"] != "0":
        period = min(BEAT, int(options["hub_timeout"]) / 4000.0)
        watchers.append(loop.timer(period, period))
        watchers[-1].start(core.hub_beat)
    over.wait()
    for watcher in watchers:
        watcher.stop()
        watcher.close()
