"""The usual wsgi.py, and a database that every process makes for itself before its first request."""

import os
import threading

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "django_site.settings")

from django.core.wsgi import get_wsgi_application  # noqa: E402

_django = get_wsgi_application()
_lock = threading.Lock()
_keeps_the_database = []


def _make_database():
    import sqlite3

    from django.contrib.auth.models import User
    from django.core.management import call_command
    # A database in memory lives as long as somebody is connected to it.
    _keeps_the_database.append(sqlite3.connect("file:tests?mode=memory&cache=shared", uri=True, check_same_thread=False))
    call_command("migrate", verbosity=0)
    User.objects.create_superuser("admin", "admin@test.example", "correct horse")


def application(environ, start_response):
    with _lock:
        if not _keeps_the_database:
            _make_database()
    return _django(environ, start_response)
