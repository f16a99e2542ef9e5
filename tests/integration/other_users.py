"""What a test needs whose server runs as another user than the test."""

import contextlib
import os
import pathlib
import subprocess
import sys
import tempfile

import pytest


def let_everybody_enter(folder):
    """pytest's own folders are root's alone."""
    for each in [folder, *folder.parents]:
        if each.stat().st_uid == os.geteuid() and str(each) not in ("/tmp", "/"):
            each.chmod(each.stat().st_mode | 0o055)


def python_for_everybody(directory):
    """A virtual environment's layout whose interpreter another user may run: ours, or the system's of our version."""
    for python in (sys.executable, "/usr/bin/python3"):
        version = "import sys; print(sys.version_info[:2])"
        with contextlib.suppress(OSError):
            asked = subprocess.run([python, "-c", version], user="nobody", cwd="/", capture_output=True, text=True)
            if asked.returncode == 0 and asked.stdout.strip() == str(sys.version_info[:2]):
                (directory / "home" / "bin").mkdir(parents=True)
                (directory / "home" / "bin" / "python").symlink_to(python)
                return directory / "home"
    pytest.skip("nobody may not run the interpreter")


@contextlib.contextmanager
def home_for_everybody():
    """Such an environment in a directory that everybody may use: pytest's own are closed to others."""
    with tempfile.TemporaryDirectory() as name:
        directory = pathlib.Path(name)
        directory.chmod(0o777)
        yield python_for_everybody(directory)
