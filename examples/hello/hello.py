"""The smallest WSGI application: tierce run --chdir examples/hello hello:app"""


def app(environ, start_response):
    start_response("200 OK", [("Content-Type", "text/plain; charset=utf-8")])
    return [b"Hello, World!\n"]
