"""What `make deb`, `make install` and the images are made of: the package of this build, unpacked and run."""

import gzip
import os
import pathlib
import signal
import subprocess

import pytest

from nginx_pair import free_port
from raw_client import RawClient
from server_process import BINARY, REPOSITORY
from waiting import SLOWNESS, eventually

COMMANDS = ("up", "init", "run", "uwsgi", "gunicorn", "supervisord", "ctl", "nginx", "check", "explain")


@pytest.fixture(scope="module")
def package(tmp_path_factory):
    out = tmp_path_factory.mktemp("deb")
    made = subprocess.run([REPOSITORY / "tools" / "deb.sh", BINARY.parent, out], cwd=REPOSITORY, capture_output=True,
                          text=True, timeout=120 * SLOWNESS)
    assert made.returncode == 0, made.stdout + made.stderr
    [path] = out.glob("*.deb")
    subprocess.run(["dpkg-deb", "-x", path, out / "root"], check=True)
    return path, out / "root"


def field(path, name):
    return subprocess.run(["dpkg-deb", "-f", path, name], capture_output=True, text=True, check=True).stdout.strip()


def test_the_package_names_what_it_needs(package):
    path, _ = package
    version = subprocess.run(["/usr/bin/python3", "-c", "import sys; print('%d.%d' % sys.version_info[:2])"],
                             capture_output=True, text=True, check=True).stdout.strip()
    needs = field(path, "Depends")
    assert f"python3 (>= {version})" in needs and "python3 (<< " in needs
    for library in ("libssl3", "libnghttp2-14", "libpcre2-8-0", "libfmt9"):
        assert library in needs
    conffiles = subprocess.run(["dpkg-deb", "-I", path, "conffiles"], capture_output=True, text=True, check=True).stdout
    assert conffiles == "/etc/tierce/tierce.conf\n"


def test_nothing_starts_it_but_its_owner(package):
    path, root = package
    for script in ("postinst", "prerm", "postrm"):
        text = subprocess.run(["dpkg-deb", "-I", path, script], capture_output=True, text=True, check=True).stdout
        assert " enable" not in text and " start " not in text
    unit = (root / "usr/lib/systemd/system/tierce.service").read_text()
    assert "\nExecStart=/usr/bin/tierce up -c /etc/tierce/tierce.conf\n" in unit
    assert "\nUser=www-data\n" in unit


def test_an_installation_leaves_etc_and_systemd_to_their_owner(tmp_path):
    subprocess.run(["cmake", "--install", BINARY.parent, "--prefix", "/usr/local"], check=True, capture_output=True,
                   env={**os.environ, "DESTDIR": str(tmp_path)})
    assert os.listdir(tmp_path) == ["usr"]
    assert sorted(os.listdir(tmp_path / "usr/local")) == ["bin", "lib", "share"]
    assert os.listdir(tmp_path / "usr/local/lib") == ["tierce"]


def test_every_command_has_its_page(package):
    _, root = package
    pages = root / "usr/share/man/man1"
    for name in ("tierce", *(f"tierce-{command}" for command in COMMANDS)):
        text = gzip.decompress((pages / f"{name}.1.gz").read_bytes()).decode()
        assert text.startswith(f".TH {name.upper()} 1 ")
        assert ".SH SYNOPSIS\n" in text and len(text) > 500, name
    usage = subprocess.run([BINARY, "--help"], capture_output=True, text=True, check=True).stdout
    assert {line.split()[0] for line in usage.splitlines() if line.startswith("  ")} - {"--version"} == set(COMMANDS)


# What bash-completion brings, as far as ours calls it.
COMPLETE = r"""
_init_completion() { words=("${COMP_WORDS[@]}"); cword=$COMP_CWORD; cur=${words[cword]}; prev=${words[cword - 1]}; }
_filedir() { COMPREPLY=(FILES); }
__ltrim_colon_completions() { :; }
. "$1"
shift
COMP_WORDS=("$@") COMP_CWORD=$(($# - 1)) COMPREPLY=()
_tierce "$1"
printf '%s\n' "${COMPREPLY[@]}"
"""


def completed(*words):
    script = REPOSITORY / "packaging/completions/tierce.bash"
    made = subprocess.run(["bash", "-c", COMPLETE, "-", script, BINARY, *words], capture_output=True, text=True, check=True)
    assert made.stderr == ""
    return made.stdout.split()


def test_completion_offers_the_commands():
    assert set(completed("")) == {*COMMANDS, "--help", "--version"}
    assert completed("gun") == ["gunicorn"]


@pytest.mark.parametrize("command, some", (
    ("up", "-c --configuration --no-fuse"), ("init", "--stdout"), ("run", "-w --workers --certfile"), ("uwsgi", "--ini --http"),
    ("gunicorn", "-c --worker-class"), ("supervisord", "-n --nodaemon --check"), ("ctl", "-c -s -i"), ("nginx", "-t -c -s"),
    ("check", "--strict --format"), ("explain", "--format --python")))
def test_completion_offers_the_options_of(command, some):
    assert set(some.split()) <= set(completed(command, "-"))


def test_completion_offers_the_commands_of_ctl_and_no_words_of_its_help():
    assert set(completed("ctl", "re")) == {"restart", "reread", "remove", "reload"}
    assert set(completed("ctl", "-s", "unix:///nowhere", "st")) == {"status", "start", "stop"}


def test_completion_offers_files_and_what_is_known_of_values():
    assert completed("check", "") == ["FILES"]
    assert completed("ctl", "-c", "") == ["FILES"]
    assert completed("nginx", "-s", "re") == ["reopen", "reload"]


def test_the_unpacked_package_serves_its_example(package, tmp_path):
    _, root = package
    port = free_port()
    run = tmp_path / "run"
    run.mkdir()
    text = (root / "etc/tierce/tierce.conf").read_text()
    for old, new in (("127.0.0.1:8000", f"127.0.0.1:{port}"), ("/usr/share/tierce", f"{root}/usr/share/tierce"),
                     ("/run/tierce", str(run)), ("/var/log/tierce", str(run))):
        assert old in text
        text = text.replace(old, new)
    conf = tmp_path / "tierce.conf"
    conf.write_text(("user root;\n" if os.geteuid() == 0 else "") + text)
    checked = subprocess.run([root / "usr/bin/tierce", "check", conf], capture_output=True, text=True, check=False)
    assert checked.returncode == 0, checked.stdout
    output = tmp_path / "output"
    environment = {**os.environ, "PATH": "/usr/bin:/bin"}
    environment.pop("VIRTUAL_ENV", None)
    with open(output, "wb") as out:
        process = subprocess.Popen([root / "usr/bin/tierce", "up", "-c", conf], env=environment, stdout=out, stderr=out)
    try:
        def answer():
            try:
                with RawClient(("127.0.0.1", port)) as client:
                    client.request("GET", "/")
                    return client.response("GET").body
            except (OSError, AssertionError):
                return None
        eventually(lambda: answer() == b"Hello, World!\n", 20, output.read_text)
        process.send_signal(signal.SIGTERM)
        assert process.wait(20 * SLOWNESS) == 0
    finally:
        process.kill()
        process.wait()


def test_images_install_the_libraries_that_the_program_has():
    linked = subprocess.run(["ldd", BINARY], capture_output=True, text=True, check=True).stdout
    packages = set()
    for line in linked.splitlines():
        if "=> /" not in line:
            continue
        library = pathlib.Path(line.split("=> ")[1].split(" ")[0])
        # Some are registered without the /usr that is their place.
        for path in (library.resolve(), pathlib.Path(str(library.resolve()).removeprefix("/usr"))):
            found = subprocess.run(["dpkg", "-S", path], capture_output=True, text=True, check=False)
            if found.returncode == 0:
                packages.add(found.stdout.split(":")[0])
    wanted = set((REPOSITORY / "packaging/image/runtime_packages.txt").read_text().split())
    # Of the C library, the compiler's and the sanitizers', what every image has; brotli's and crypto's come with theirs.
    everywhere = {"libc6", "libgcc-s1", "libasan8", "libubsan1", "libtsan2"}
    assert packages - everywhere == wanted
