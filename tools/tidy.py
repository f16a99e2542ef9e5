#!/usr/bin/env python3
"""Reads the includes of src/ and says where an arrow of the architecture turns around.

    base <- os <- {config, http, gateway} <- {tls, http2} <- {edge, wsgi, supervise, supervisord} <- nginx <- check <- cli

edge and wsgi meet only in gateway; <Python.h> stays in wsgi. Each finding names file, line and what to do.
"""
import os
import re
import sys

ALLOWED = {
    "base": set(),
    "os": {"base"},
    "config": {"base", "os"},
    "http": {"base", "os"},
    "gateway": {"base", "os", "http"},  # A slot holds a parsed request head.
    "tls": {"base", "os", "config"},
    "http2": {"base", "os", "http"},
    "edge": {"base", "os", "config", "http", "gateway", "tls"},
    "wsgi": {"base", "os", "http", "gateway"},
    "supervise": {"base", "os", "config", "gateway", "tls"},
    "nginx": {"base", "os", "config", "http", "http2", "gateway", "tls", "edge"},
    "supervisord": {"base", "os", "config", "http", "gateway"},
    "check": {"base", "os", "config", "supervise"},
    "cli": {"check", "nginx", "base", "os", "config", "http", "http2", "gateway", "tls", "edge", "supervise", "supervisord"},
}
INCLUDE = re.compile(r'\s*#\s*include\s+(?:"([a-z0-9_]+)/[^"]*"|<(Python\.h)>)')


def findings(root):
    for folder in sorted(ALLOWED):
        for directory, _, names in os.walk(os.path.join(root, "src", folder)):
            for name in sorted(names):
                if not name.endswith((".h", ".cc")):
                    continue
                path = os.path.join(directory, name)
                with open(path, encoding="utf-8") as stream:
                    for number, line in enumerate(stream, 1):
                        match = INCLUDE.match(line)
                        if not match:
                            continue
                        where = "%s:%d" % (os.path.relpath(path, root), number)
                        target, python = match.groups()
                        if python and folder != "wsgi":
                            yield "%s: <Python.h> belongs to src/wsgi alone: move the code there" % where
                        if target and target != folder and target not in ALLOWED[folder]:
                            yield ("%s: %s may not include %s (it may include %s): move the shared part down, or hand it "
                                   "in from above" % (where, folder, target, ", ".join(sorted(ALLOWED[folder])) or "nothing"))


def main():
    root = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
    found = list(findings(root))
    for finding in found:
        print(finding)
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
