"""The same configuration through the real uWSGI and through us gives the same effective options."""

import os
import pathlib
import re
import shutil
import subprocess
import sys

import pytest

from server_process import BINARY

# tests/requirements.txt brings it: the one of a distribution may be older and come without its plugins.
_BESIDE_PYTHON = pathlib.Path(sys.executable).parent / "uwsgi"
UWSGI = (os.environ.get("TIERCE_TEST_UWSGI") or (str(_BESIDE_PYTHON) if _BESIDE_PYTHON.exists() else None)
         or shutil.which("uwsgi"))

# What only asks for the answer.
_QUESTIONS = ("show-config = ", "hook-pre-jail = exit:0", "exit = ")
_SHOWN = re.compile(r";uWSGI instance configuration\n\[uwsgi\]\n(.*?);end of configuration", re.S)


def _shown(text):
    found = _SHOWN.search(text)
    if not found:
        return None
    return [line.rstrip() for line in found[1].splitlines() if not line.startswith(_QUESTIONS)]


def _run(command, directory, env):
    environment = {"PATH": os.environ["PATH"], "HOME": "/root", "GREETING": "good day", "EMPTY": "", **(env or {})}
    ran = subprocess.run(command, cwd=directory, env=environment, capture_output=True, text=True, timeout=30,
                         stdin=subprocess.DEVNULL)
    return ran.stdout + ran.stderr


def real(directory, args, env=None):
    if not UWSGI:
        pytest.fail("the real uwsgi is missing: put it on PATH (pip install uwsgi) or name it in TIERCE_TEST_UWSGI")
    # The hook ends it before it binds, forks or loads anything.
    return _run([UWSGI, *args, "--show-config", "--hook-pre-jail", "exit:0"], directory, env)


def ours(directory, args, env=None):
    return _run([BINARY, "uwsgi", *args, "--show-config", "--exit"], directory, env)


def _write(directory, files):
    (directory / "folder").mkdir()
    (directory / "one.txt").write_text("from a file\n\n")
    for name, text in files.items():
        (directory / name).write_text(text)


INCLUDED = """[uwsgi]
inside = %n %s %e %c %x %(a)
[more]
more = %x %n %S %N
"""

# name: body of [uwsgi] in t.ini
BODIES = {
    "a switch, a value": "master = true\nprocesses = 4\n",
    "no blanks around the equals sign": "processes=4\nthreads =2\nmaster= 1\n",
    "blanks and tabs around": "  processes  =  4  \n\tthreads\t=\t2\t\n",
    "comments of both kinds": "# a\n; b\n  # c\n\t; d\na = 1\n",
    "a key alone": "master\nenable-threads\n",
    "an empty value": "master =\na = \n",
    "a second equals sign": "env = A=B\nroute-ish = a = b = c\n",
    "a colon is no separator": "a: 5\nb:c = 3\n",
    "a key with blanks": "g h = 3\n",
    "no key": "= 5\n",
    "quotes inside": "a = say \"x\" now\nb = it's\n",
    "repeated keys": "env = A=1\nenv = B=2\npythonpath = /a\npythonpath = /b\n",
    "no continuation lines": "a = x\\\nb = y\n",
    "capital booleans": "master = True\nvacuum = YES\nneed-app = On\nlazy-apps = False\n",
    "names are case sensitive": "Master = 1\nIF-ENV = HOME\n",
    "brackets in a value": "a = [uwsgi]\n",
    "letters beyond ascii": "a = é ü\n",
    "a placeholder behind": "a = %(b)\nb = 1\n",
    "a placeholder before": "b = 1\na = %(b)/%(b)x\n",
    "the first of several values": "b = 1\nb = 2\na = %(b)\n",
    "an unknown placeholder": "a = %(nothere) b\n",
    "a placeholder that is not closed": "a = %(b\nb = 1\n",
    "a placeholder of a placeholder, forwards": "a = %(b)\nb = %(c)\nc = 3\n",
    "a placeholder of a placeholder, backwards": "c = 3\nb = %(c)\na = %(b)\n",
    "a placeholder of itself": "a = %(a)\n",
    "two of each other": "a = %(b)\nb = %(a)\n",
    "a placeholder without value": "a = <%(b)>\nb =\n",
    "a placeholder of an option": "chdir = /tmp\nmodule = app\na = %(chdir)/%(module)\n",
    "sums": "b = 7\na = %(b + 1) %(b - 1) %(b * 3) %(b / 2)\n",
    "sums of placeholders": "b = 7\nc = 3\na = %(b + c)%(b * c)\n",
    "sums with magic": "a = %(%k * 2) %(%k + 1)\n",
    "one more, one less": "b = 7\na = %(b ++) %(b --)\n",
    "a division by zero": "b = 7\na = %(b / 0)\n",
    "sums of numbers": "a = %(2 + 3)\n",
    "sums need blanks": "b = 1\na = %(b+1)\n",
    "sums of words": "s = word\na = %(s + 2) %(s + s)\n",
    "a negative number": "n = -4\na = %(n - 2) %(n ++)\n",
    "a fraction": "n = 3.7\na = %(n * 2)\n",
    "what is no sum joins": "b = 7\na = %(b . 2) %(b ^ 2)\n",
    "more blanks in sums": "b = 7\na = %(b +  2) %( b + 2 )\n",
    "a variable of the environment": "a = $(GREETING), $(HOME)$(HOME)\n",
    "an empty and an unset variable": "a = <$(EMPTY)> <$(NOT_SET)>\n",
    "a variable in a placeholder": "a = %(b)\nb = $(GREETING)\n",
    "a file": "a = <@(one.txt)>\n",
    "a file twice, in the folder": "a = @(one.txt)@(%d/one.txt)\n",
    "a file by a variable": "b = @($(FILE))\n",
    "a file in a placeholder": "a = %(b)\nb = @(one.txt)\n",
    "magic of the file": "a = %n %s %e %d %p %c %o %x|\n",
    "magic of the original": "a = %N %S %E %D %P %C %O %X|\n",
    "magic of the machine": "a = %h %v %k\n",
    "magic of the user": "a = %u %U %g %G\n",
    "magic of folders": "a = %0 %1|%9|\n",
    "magic of the path": "a = %i %j\n",
    "magic of the time": "a = x%%t\n",
    "the version": "a = %V\n",
    "percent signs": "a = 100%% of\nb = %%(c)\nc = 1\n",
    "letters without meaning": "a = <%z%q%y>\n",
    "magic in a key": "%n = 1\na-%c = 2\n",
    "magic beside a placeholder": "b = 1\na = %(b)%n%(b)\n",
    "if-env holds": "if-env = HOME\na = %(_)/x\nendif =\n",
    "if-env fails": "if-env = NOT_SET\na = 1\nendif =\nb = 2\n",
    "if-env with a value": "if-env = HOME=/root\na = %(_)\nendif =\nif-env = HOME=/x\nb = 1\nendif =\n",
    "if-not-env": "if-not-env = NOT_SET\na = <%(_)>\nendif =\nif-not-env = HOME\nb = 1\nendif\n",
    "if-exists": "if-exists = one.txt\na = %(_)\nendif =\nif-exists = nothing\nb = 1\nendif =\n",
    "if-not-exists": "if-not-exists = nothing\na = %(_)\nendif =\nif-not-exists = one.txt\nb = 1\nendif =\n",
    "if-file": "if-file = one.txt\na = %(_)\nendif =\nif-file = folder\nb = 1\nendif =\n",
    "if-not-file": "if-not-file = folder\na = %(_)\nendif =\n",
    "if-dir": "if-dir = folder\na = %(_)\nend-if =\nif-dir = one.txt\nb = 1\nend-if =\n",
    "if-not-dir": "if-not-dir = one.txt\na = %(_)\nendif =\n",
    "if-opt": "c = 1\nif-opt = c\na = %(_)\nendif =\nif-opt = c=1\nb = %(_)\nendif =\nif-opt = c=2\nd = 1\nendif =\n",
    "if-opt of repeated keys": "c = 1\nc = 2\nif-opt = c=2\na = 1\nendif =\n",
    "if-opt looks back only": "if-opt = c\na = 1\nendif =\nc = 1\n",
    "if-not-opt": "if-not-opt = c\na = 1\nendif =\nc = 1\n",
    "if-reload": "if-reload =\na = 1\nendif =\nif-not-reload =\nb = <%(_)>\nendif =\n",
    "if-hostname": "if-hostname = %h\na = %(_)\nendif =\nif-not-hostname = nobody\nb = %(_)\nendif =\n",
    "if-plugin": "if-plugin = python\na = %(_)\nendif =\nif-plugin = nobody\nb = 1\nendif =\n",
    "old names of conditions": "ifenv = HOME\na = %(_)\nendif =\nifexists = one.txt\nb = %(_)\nendif =\nifdir = folder\nc = 1\nendif =\n",
    "conditions do not expand": "c = one.txt\nif-exists = %(c)\na = 1\nendif =\nif-env = $(X)\nb = 1\nendif =\n",
    "conditions see magic": "if-exists = %d/t.ini\na = 1\nendif =\n",
    "an end without a beginning": "endif =\na = 1\nendfor =\n",
    "what is skipped is not read": "if-env = NOT_SET\nini = nothing.ini\nset = x\na = @(nothing)\nif-env = X\nendif =\nb = 1\n",
    "for": "for = a b  c\nx = %(_)\ny = %(_).%(_)\nendfor =\nz = %(_)\n",
    "for leaves keys alone": "for = a b\nx-%(_) = 1\nendfor =\n",
    "for-times": "for-times = 3\nx = 909%(_)\nend-for =\n",
    "for-times of the processors": "for-times = %k\nx = %(_)\nendfor =\n",
    "for-times of nothing": "for-times = 0\nx = 1\nendfor =\nfor-times = many\ny = 1\nendfor =\n",
    "for-glob": "for-glob = %d/o*.txt\nx = %(_)\nendfor =\nfor-glob = /nothing/*\ny = %(_)\nendfor =\n",
    "for-readline": "for-readline = one.txt\nx = %(_)\nendfor =\n",
    "for of variables": "for = $(HOME) %(b)\nx = %(_)\nendfor =\nb = 5\n",
    "for loads files": "for = inc\nini = %(_).ini\nini = %(_).ini:more\nendfor =\n",
    "set": "set = b=1\na = %(b)\nset = c=x=y\nset = d=\n",
    "set of an option": "set = processes=3\na = %(processes)\n",
    "set of a placeholder": "set = b=%(c)\nc = 4\na = %(b)\n",
    "set twice": "set = b=1\nset = b=2\na = %(b)\n",
    "set with blanks": "set = b = 1\n",
    "set-placeholder": "set-placeholder = b=%n\nset-ph = c=2\na = %(b) %(c)\n",
    "set-placeholder is not expanded": "set-ph = b=%(c)\nc = 4\na = %(b)\n",
    "set in a loop": "for = a b\nset = %(_)=%(_)1\nendfor =\nx = %(a) %(b)\n",
    "ini of another file": "a = 1\nini = inc.ini\nb = 2\n",
    "ini of a section": "a = 1\nini = inc.ini:more\n",
    "include": "a = 1\ninclude = inc.ini\n",
    "ini in a condition": "if-exists = inc.ini\nini = inc.ini\nb = 1\nendif =\n",
    "another file's section through a colon": "a = 1\nini = inc.ini\nini = :more\n",
    "print": "print = %(a) %n\na = 1\n",
}

# Whole files as they are written, after the counts of real ones.
FILES = {
    "flask behind nginx": """[uwsgi]
module = wsgi:app

master = true
processes = 5

socket = myproject.sock
chmod-socket = 660
vacuum = true

die-on-term = true
""",
    "django": """# mysite_uwsgi.ini file
[uwsgi]

# Django-related settings
# the base directory (full path)
chdir           = /tmp
# Django's wsgi file
module          = project.wsgi
# the virtualenv (full path)
home            = /path/to/virtualenv

# process-related settings
# master
master          = true
# maximum number of worker processes
processes       = 10
# the socket (use the full path to be safe
socket          = %d/mysite.sock
# ... with appropriate permissions - may be needed
# chmod-socket    = 664
# clear environment on exit
vacuum          = true
env = DJANGO_SETTINGS_MODULE=project.settings
""",
    "own names as variables": """[uwsgi]
project = shop
uid = shop
base = /home/%(uid)

chdir = /tmp
home = %(base)/Env/%(project)
module = %(project).wsgi:application

master = true
processes = %(%k * 2)
threads = 2

socket = /run/uwsgi/%(project).sock
chown-socket = %(uid):www-data
chmod-socket = 660
stats = /run/%n.stats.sock
procname-prefix-spaced = %(project)
""",
    "a container": """[uwsgi]
strict = true
http-socket = :8080
enable-threads = true
master = true
vacuum = true
single-interpreter = true
die-on-term = true
need-app = true
disable-logging = true
log-4xx = true
log-5xx = true
harakiri = 60
max-requests = 1000
max-worker-lifetime = 3600
reload-on-rss = 2048
worker-reload-mercy = 60
buffer-size = 65535
cheaper = 2
processes = 16
wsgi-file = app.py
callable = app
""",
    "text before the section, windows lines": "chdir = /nowhere\r\n\r\n[uwsgi]\r\nhttp = :9090\r\nwsgi-file = foo.py\r\nprocesses = 4\r\n",
    "several environments": """[base]
master = true
processes = 2
app = shop

[development]
ini = :base
py-autoreload = 1
http = :8000
module = %(app):app

[uwsgi]
ini = :base
processes = 8
socket = /run/%(app).sock
""",
    "a condition on the port": """[uwsgi]
if-env = PORT
http-socket = :%(_)
endif =
if-not-env = PORT
http-socket = :8000
endif =
wsgi-file = foo.py
static-map = /static=$(HOME)/static
log-format = %(addr) - %(user) [%(ltime)] "%(method) %(uri) %(proto)" %(status) %(size)
""",
    "no newline at the end": "[uwsgi]\nmaster = true\nprocesses = 4",
    "the section twice": "[uwsgi]\na = 1\n[other]\nb = 2\n[uwsgi]\nc = 3\n",
    "no section": "master = true\n",
}

# name: (arguments, environment)
LINES = {
    "long options": (["--http", ":0", "--module", "app:app", "--master", "--processes=4"], {}),
    "short options": (["-M", "-p", "4", "-w", "app", "-H", "/x", "-C666", "-R", "9", "-t", "3", "-l", "64"], {}),
    "short options together": (["-Mp4", "-Tis:0", "-LC666"], {}),
    "beginnings of names": (["--vac", "--enable-thr", "--wsgi-fi", "x.py"], {}),
    "a file and options": (["-p", "2", "t.ini", "--master"], {}),
    "options after the file win": (["--ini", "t.ini", "-p", "9"], {}),
    "a section": (["--ini", "t.ini:other"], {}),
    "two sections": (["--ini", "t.ini:other", "--ini", ":uwsgi"], {}),
    "a section that is not there": (["--ini", "t.ini:nobody"], {}),
    "placeholders on the command line": (["--set", "x=%d", "--set-ph", "y=%(x)", "--module", "%(x)$(HOME)", "t.ini"], {}),
    "blocks on the command line": (["--for", "a b", "--set", "x=%(_)", "--endfor", "--if-env", "HOME", "-w", "%(_)", "--endif"], {}),
    "the environment": (["-M", "t.ini"], {"UWSGI_PROCESSES": "3", "UWSGI_MAX_REQUESTS": "5", "UWSGI_X_Y": "%(b)"}),
    "a file from the environment": (["-M"], {"UWSGI_INI": "t.ini:other"}),
    "empty variables, internal ones": (["-M"], {"UWSGI_VACUUM": "", "UWSGI_RELOADS": "1", "UWSGI_ORIGINAL_PROC_NAME": "x"}),
}
LINES_FILE = "[uwsgi]\nb = 5\nprocesses = 7\na = %(processes) %(master) %(x)\n[other]\nq = %n %x\n"


def same(directory, args, env=None):
    wanted = _shown(real(directory, args, env))
    text = ours(directory, args, env)
    assert wanted is not None, real(directory, args, env)
    assert _shown(text) == wanted, text


@pytest.mark.parametrize("name", BODIES)
def test_a_construct_means_what_it_means_to_uwsgi(name, tmp_path):
    _write(tmp_path, {"t.ini": "[uwsgi]\n" + BODIES[name], "inc.ini": INCLUDED})
    same(tmp_path, ["--ini", "t.ini"], {"FILE": "one.txt"})


@pytest.mark.parametrize("name", FILES)
def test_a_real_file_gives_the_same_options(name, tmp_path):
    _write(tmp_path, {})
    (tmp_path / "t.ini").write_bytes(FILES[name].encode())
    same(tmp_path, ["--ini", "t.ini"])


@pytest.mark.parametrize("name", LINES)
def test_a_command_line_gives_the_same_options(name, tmp_path):
    args, env = LINES[name]
    _write(tmp_path, {"t.ini": LINES_FILE})
    same(tmp_path, args, env)


# Read otherwise than by uWSGI, on purpose. name: (body, what uWSGI makes of it, what we do, why)
EXCEPTIONS = {
    "a comment behind a value": ("processes = 4  # workers\n", ["processes = 4  # workers"], ["processes = 4"],
                                 "one file in seven has one; the writer meant a comment, and a warning says so"),
    "a semicolon behind a value": ("a = 4 ; x\n", ["a = 4 ; x"], ["a = 4"], "the same"),
    "a comment for a value": ("a = # nothing\n", ["a = # nothing"], ["a ="], "the same"),
    "a comment behind a section": ("a = 1\n[uwsgi] # again\nb = 2\n", ["a = 1"], ["a = 1", "b = 2"], "the same"),
    "else": ("if-env = HOME\na = 1\nelse =\nb = 2\nendif =\n",
             ["if-env = HOME", "a = 1", "else =", "b = 2", "endif ="],
             ["if-env = HOME", "a = 1", "else =", "endif ="],
             "uWSGI 2.0 has no else and takes it for a name of the user's own; whoever writes it means an else"),
}


@pytest.mark.parametrize("name", EXCEPTIONS)
def test_an_exception_is_still_one(name, tmp_path):
    body, theirs, us, why = EXCEPTIONS[name]
    _write(tmp_path, {"t.ini": "[uwsgi]\n" + body})
    assert _shown(real(tmp_path, ["--ini", "t.ini"]))[1:] == theirs
    assert _shown(ours(tmp_path, ["--ini", "t.ini"]))[1:] == us, why


# uWSGI ends with an error, and so do we. The texts are our own.
REFUSED = {
    "a nested block": ("if-env = HOME\nfor = a b\nendfor =\nendif =\n", "t.ini:3"),
    "a file that is not there": ("ini = nothing.ini\n", "t.ini:2"),
    "a value from a file that is not there": ("a = @(nothing)\n", "t.ini:2"),
    "a placeholder named like an option": ("set-ph = processes=5\n", "t.ini:2"),
    "set without a value": ("set = x\n", "t.ini:2"),
    "yaml": ("yaml = x.yml\n", "only ini files"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_uwsgi_refuses_we_refuse_and_name_the_line(name, tmp_path):
    body, said = REFUSED[name]
    _write(tmp_path, {"t.ini": "[uwsgi]\n" + body})
    assert _shown(real(tmp_path, ["--ini", "t.ini"])) is None
    text = ours(tmp_path, ["--ini", "t.ini"])
    assert _shown(text) is None
    assert said in text


@pytest.mark.parametrize("args", [["--nothing-like-it"], ["--master=1"], ["--module"], ["--max-req", "3"], ["-~"], ["x.py"]])
def test_a_command_line_that_uwsgi_refuses_is_refused(args, tmp_path):
    # What asks for the answer stands first: "--module" would take it for its value.
    assert _shown(_run([UWSGI, "--show-config", "--hook-pre-jail", "exit:0", *args], tmp_path, None)) is None
    ran = subprocess.run([BINARY, "uwsgi", *args], cwd=tmp_path, capture_output=True, text=True, timeout=30)
    assert ran.returncode == 1
    assert ran.stderr.startswith("tierce uwsgi: ")


def test_a_program_named_uwsgi_speaks_uwsgis_language(tmp_path):
    (tmp_path / "uwsgi").symlink_to(BINARY)
    text = _run([tmp_path / "uwsgi", "--master", "--show-config", "--exit"], tmp_path, None)
    assert _shown(text) == ["master = true"]
