"""Applications from PyPI as their users have them: made by their own tools, and deployed as documentation shows it.
`make build/venv-apps/.done` installs them."""

import os
import shutil
import struct
import subprocess
import zlib

from front_servers import Nginx
from server_process import BINARY, REPOSITORY, Server
from waiting import SLOWNESS, eventually

VENV = REPOSITORY / "build" / "venv-apps"
PASSWORD = "correct horse battery"


def run(*command, cwd, **environment):
    assert (VENV / ".done").exists(), "no applications to serve: make build/venv-apps/.done"
    done = subprocess.run([VENV / "bin" / command[0], *command[1:]], cwd=cwd, capture_output=True, text=True,
                          timeout=300 * SLOWNESS, env={**os.environ, "PYTHONDONTWRITEBYTECODE": "1", **environment})
    assert done.returncode == 0, f"{command}\n{done.stdout}{done.stderr}"


class Site:
    """A directory with an application that is ready to be served: what it is called there, and its public files."""

    def __init__(self, directory, application, files):
        self.directory, self.application, self.files = directory, application, files


def flask_tutorial(directory):
    [source] = VENV.glob("flask-*/examples/tutorial")
    shutil.copytree(source, directory)
    run("flask", "--app", "flaskr", "init-db", cwd=directory)
    return Site(directory, "flaskr:create_app()", {"/static": directory / "flaskr" / "static"})


def django_admin(directory):
    directory.mkdir()
    run("django-admin", "startproject", "shop", ".", cwd=directory)
    shutil.copytree(REPOSITORY / "tests" / "applications" / "documents", directory / "documents")
    with open(directory / "shop" / "settings.py", "a") as settings:
        settings.write("\nINSTALLED_APPS.append('documents')\nSTATIC_ROOT = BASE_DIR / 'static'\n"
                       "MEDIA_ROOT = BASE_DIR / 'media'\nMEDIA_URL = '/media/'\n"
                       "DEBUG = False\nALLOWED_HOSTS = ['127.0.0.1']\n")
    return _set_up(directory, "shop.wsgi", "makemigrations", "documents")


def wagtail(directory):
    directory.mkdir()
    run("wagtail", "start", "pages", ".", cwd=directory)
    # The template's own settings read this file when it exists.
    (directory / "pages" / "settings" / "local.py").write_text("DEBUG = False\nWAGTAILADMIN_BASE_URL = 'http://127.0.0.1'\n")
    return _set_up(directory, "pages.wsgi")


def _set_up(directory, application, *first):
    if first:
        run("python", "manage.py", *first, cwd=directory)
    run("python", "manage.py", "migrate", "-v0", cwd=directory)
    run("python", "manage.py", "collectstatic", "-v0", "--noinput", cwd=directory)
    run("python", "manage.py", "createsuperuser", "--noinput", "--username", "admin", "--email", "admin@example.com",
        cwd=directory, DJANGO_SUPERUSER_PASSWORD=PASSWORD)
    return Site(directory, application, {"/static": directory / "static", "/media": directory / "media"})


SITES = {"flask": flask_tutorial, "django": django_admin, "wagtail": wagtail}


# --- deployments ----------------------------------------------------------------------------------

def _ini(directory, site, *lines):
    maps = [f"static-map = {prefix}={files}" for prefix, files in site.files.items()]
    path = directory / "uwsgi.ini"
    path.write_text("\n".join([
        "[uwsgi]", f"chdir = {site.directory}", f"home = {VENV}", f"module = {site.application}",
        *([] if "(" in site.application else ["callable = application"]),
        "master = true", "processes = 2", "threads = 2", "need-app = true", "vacuum = true", "die-on-term = true",
        *maps, *lines, ""]))
    return path


def _uwsgi(directory, site):
    """An ini file, and nothing in front."""
    server = Server(directory)
    server.spawn([str(BINARY), "uwsgi", "--ini", str(_ini(directory, site, "http = 127.0.0.1:0"))])
    server.wait_listening()
    return server, None, server.port


def _uwsgi_behind_nginx(directory, site):
    socket = directory / "app.sock"
    server = Server(directory)
    server.unix_paths.append(str(socket))
    server.spawn([str(BINARY), "uwsgi", "--ini", str(_ini(directory, site, f"socket = {socket}", "chmod-socket = 666"))])
    server.wait_listening()
    front = Nginx(directory).serve(f"include /etc/nginx/uwsgi_params; uwsgi_pass unix:{socket};")
    return server, front, front.port


def _gunicorn_behind_nginx(directory, site):
    """nginx has the files, as there is no static-map."""
    server = Server(directory)
    server.spawn([str(BINARY), "gunicorn", "--python", str(VENV / "bin" / "python"), "-w", "2", "-k", "gthread", "--threads", "4",
                  "-b", "127.0.0.1:0", "--chdir", str(site.directory), site.application])
    server.wait_listening()
    files = "".join(f"location {prefix}/ {{ alias {path}/; }}\n" for prefix, path in site.files.items())
    front = Nginx(directory).serve("proxy_set_header Host $http_host; proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for; "
                                   f"proxy_pass http://127.0.0.1:{server.port};", more=files)
    return server, front, front.port


DEPLOYMENTS = {"uwsgi": _uwsgi, "uwsgi behind nginx": _uwsgi_behind_nginx, "gunicorn behind nginx": _gunicorn_behind_nginx}


def deployed(name, directory, site):
    """Yields the server with `site_url`, for a fixture."""
    server, front, port = DEPLOYMENTS[name](directory, site)
    server.site_url = f"http://127.0.0.1:{port}"
    try:
        eventually(lambda: len(server.workers()) == 2, 60, "two workers")
        yield server
        server.stop()
    finally:
        server.kill()
        if front:
            front.stop()


# --- things to upload -----------------------------------------------------------------------------

def png(width, height):
    """A picture that no decoder refuses and that does not compress."""
    rows = b"".join(b"\0" + os.urandom(3 * width) for _ in range(height))

    def chunk(kind, data):
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
    return (b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)) +
            chunk(b"IDAT", zlib.compress(rows, 1)) + chunk(b"IEND", b""))
