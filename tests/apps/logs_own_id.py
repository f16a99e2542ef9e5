def app(environ, start_response):
    print("app saw", environ["tierce.request_id"], file=environ["wsgi.errors"], flush=True)
    raise RuntimeError("to be logged")
