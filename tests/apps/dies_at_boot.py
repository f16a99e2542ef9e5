"""A worker that ends as soon as it has been forked, while a file says so (DIES_WHILE)."""

import os

from hello import app  # noqa: F401


def die():
    if os.path.exists(os.environ["DIES_WHILE"]):
        os._exit(9)


if "--lazy-apps" in os.environ.get("TESTS_MODE", ""):
    die()
else:
    os.register_at_fork(after_in_child=die)
