"""gated.py that remembers the paths it ran; /seen answers them. For one worker."""

import gated

seen = []


def app(environ, start_response):
    if environ["PATH_INFO"] == "/seen":
        start_response("200 OK", [("Content-Type", "text/plain")])
        return ["\n".join(seen).encode()]
    seen.append(environ["PATH_INFO"])
    return gated.app(environ, start_response)
