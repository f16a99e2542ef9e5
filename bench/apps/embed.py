"""Runs a server that is a library: embed.py bjoern|fastwsgi MODULE PORT PROCESSES."""

import importlib
import os
import sys


def run_bjoern(app, port, processes):
    import bjoern

    bjoern.listen(app, "127.0.0.1", port)
    # Both sides of each fork accept from the one socket, the parent included.
    for _ in range(processes - 1):
        if os.fork() == 0:
            break
    bjoern.run()


def run_fastwsgi(app, port, processes):
    import fastwsgi

    # Its own way to several processes: each forked worker listens with SO_REUSEPORT.
    fastwsgi.run(app, "127.0.0.1", port, fastwsgi.LL_ERROR, workers=processes)


if __name__ == "__main__":
    server, module, port, processes = sys.argv[1:]
    app = importlib.import_module(module).app
    try:
        {"bjoern": run_bjoern, "fastwsgi": run_fastwsgi}[server](app, int(port), int(processes))
    except KeyboardInterrupt:
        pass
