"""Remembers the request lines it was called with; /seen answers them. For one worker."""

import json
import threading

seen = []
lock = threading.Lock()


def app(environ, start_response):
    path = environ["PATH_INFO"]
    if path == "/seen":
        body = json.dumps(seen).encode()
    else:
        data = environ["wsgi.input"].read() if environ["REQUEST_METHOD"] != "UNREAD" else b""
        entry = {
            "method": environ["REQUEST_METHOD"], "path": path, "query": environ["QUERY_STRING"],
            "body": data.decode("latin-1"),
            "headers": {key: value for key, value in environ.items()
                        if key.startswith("HTTP_") or key in ("CONTENT_LENGTH", "CONTENT_TYPE")}}
        with lock:
            seen.append([entry["method"], path + ("?" + entry["query"] if entry["query"] else "")])
        body = json.dumps(entry).encode()
    start_response("200 OK", [("Content-Type", "application/json"), ("Content-Length", str(len(body)))])
    return [body]
