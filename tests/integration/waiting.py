"""Waiting for something to become true, with a deadline and without luck."""

import os
import time

# Sanitizer builds and busy machines: TIERCE_TEST_SLOWNESS=5 gives everything five times as long.
SLOWNESS = float(os.environ.get("TIERCE_TEST_SLOWNESS", "1"))
POLL_SECONDS = 0.005


def eventually(predicate, seconds=5.0, what=None):
    """Calls predicate until it answers something true, and answers that. Fails after `seconds`."""
    deadline = time.monotonic() + seconds * SLOWNESS
    while True:
        answer = predicate()
        if answer:
            return answer
        if time.monotonic() >= deadline:
            raise AssertionError(f"not within {seconds} s: {what or getattr(predicate, '__name__', predicate)}")
        time.sleep(POLL_SECONDS)


def stays(predicate, seconds):
    """True when predicate holds all through `seconds`."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if not predicate():
            return False
        time.sleep(POLL_SECONDS)
    return True
