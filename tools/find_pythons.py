#!/usr/bin/env python3
"""Prints the interpreters the extension is built for: one CPython 3.9 to 3.14 of each version found, a line each.

Looks at $PYTHON (several, separated by colons), the active virtual environment, PATH, /usr/bin, pyenv and what
tools/second_python.sh has fetched. An
interpreter without its C headers is left out. TIERCE_PYTHONS_ONLY_SYSTEM=1 leaves pyenv out.
"""
import glob
import os
import shutil
import subprocess
import sys

PROBE = (
    "import os, sys, sysconfig; "
    "print(sys.implementation.name, '%d.%d' % sys.version_info[:2], sysconfig.get_config_var('EXT_SUFFIX'), "
    "os.path.exists(os.path.join(sysconfig.get_path('include'), 'Python.h')), sys.executable)"
)


def candidates():
    yield from (path for path in os.environ.get("PYTHON", "").split(":") if path)
    if os.environ.get("VIRTUAL_ENV"):
        yield os.path.join(os.environ["VIRTUAL_ENV"], "bin", "python")
    names = ["python3", "python"] + ["python3.%d" % minor for minor in range(9, 15)]
    for name in names:
        found = shutil.which(name)
        if found:
            yield found
        yield "/usr/bin/" + name
    if os.environ.get("TIERCE_PYTHONS_ONLY_SYSTEM") != "1":
        root = os.environ.get("PYENV_ROOT", os.path.expanduser("~/.pyenv"))
        yield from sorted(glob.glob(os.path.join(root, "versions", "*", "bin", "python3")))
    yield os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "build", "python3.9", "usr", "bin", "python3.9")


def main():
    seen = set()
    for path in candidates():
        if not os.access(path, os.X_OK):
            continue
        answer = subprocess.run([path, "-c", PROBE], capture_output=True, text=True)
        fields = answer.stdout.split(maxsplit=4)
        if answer.returncode != 0 or len(fields) != 5:
            continue
        name, version, suffix, headers, executable = fields
        if name != "cpython" or headers != "True" or not (3, 9) <= tuple(map(int, version.split("."))) <= (3, 14):
            continue
        if suffix not in seen:
            seen.add(suffix)
            print(executable.strip())
    if not seen:
        sys.exit("no CPython 3.9 to 3.14 with its C headers was found (Debian: python3-dev)")


if __name__ == "__main__":
    main()
