"""The files that sites include: ours say what Debian's say, and both programs read them."""

import pathlib
import re
import shutil

import pytest

from nginx_peers import OURS, REAL, verdict

STOCK = pathlib.Path(__file__).parents[2] / "share" / "nginx"
DEBIAN = pathlib.Path("/etc/nginx")
PARAMS = ["uwsgi_params", "scgi_params", "fastcgi_params", "fastcgi.conf", "proxy_params"]


def directives(path):
    """Statements without comments and blanks. Their order means nothing in these files."""
    text = re.sub(r"^\s*#.*$", "", path.read_text(), flags=re.M)
    return sorted(" ".join(part.split()) for part in text.split(";") if part.strip())


def types(path):
    found = {}
    for statement in re.sub(r"#.*|types\s*{|}", "", path.read_text()).split(";"):
        kind, *ends = statement.split() or [""]
        found.update((end, kind) for end in ends)
    return found


@pytest.mark.parametrize("name", PARAMS)
def test_parameters_are_those_of_debian(name):
    assert directives(STOCK / name) == directives(DEBIAN / name)


def test_types_are_those_of_debian():
    assert types(STOCK / "mime.types") == types(DEBIAN / "mime.types")


@pytest.mark.parametrize("program", [OURS, [REAL]], ids=["ours", "real"])
def test_a_site_beside_the_stock_files_is_sound(program, tmp_path):
    prefix = tmp_path / "nginx"
    shutil.copytree(STOCK, prefix)
    # The places of the distribution are not ours to write to.
    text = (prefix / "nginx.conf").read_text()
    text = text.replace("/var/log/nginx", str(tmp_path)).replace("/run/nginx.pid", str(tmp_path / "pid"))
    (prefix / "nginx.conf").write_text(text)
    for folder, name in (("conf.d", "one.conf"), ("sites-enabled", "two")):
        (prefix / folder).mkdir()
        (prefix / folder / name).write_text(
            "server {\n listen 127.0.0.1:8080;\n server_name %s;\n"
            " location /p { include proxy_params; proxy_pass http://127.0.0.1:9; }\n"
            " location /u { include uwsgi_params; uwsgi_pass 127.0.0.1:9; }\n"
            " location /s { include scgi_params; scgi_pass 127.0.0.1:9; }\n"
            " location /f { include fastcgi_params; fastcgi_pass 127.0.0.1:9; }\n"
            " location /php { include fastcgi.conf; fastcgi_pass 127.0.0.1:9; }\n}\n" % folder)
    said = verdict(program, prefix / "nginx.conf")
    assert (said.status, said.error, said.warnings) == (0, "", [])
