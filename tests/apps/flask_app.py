"""A Flask application as people write them."""

import hashlib

from flask import Flask, Response, abort, jsonify, make_response, redirect, request, send_file, session, stream_with_context

app = Flask(__name__)
app.secret_key = "tests"


@app.get("/")
def index():
    return {"name": "misha"}


@app.post("/json")
def echo_json():
    return jsonify(received=request.get_json(), length=request.content_length)


@app.post("/form")
def form():
    return {"fields": request.form.to_dict(flat=False), "args": request.args.to_dict()}


@app.post("/upload")
def upload():
    file = request.files["file"]
    data = file.read()
    return {"name": file.filename, "size": len(data), "sha256": hashlib.sha256(data).hexdigest(), "note": request.form["note"]}


@app.post("/raw")
def raw():
    data = request.get_data()
    return {"size": len(data), "sha256": hashlib.sha256(data).hexdigest(), "chunked": "chunked" in request.headers.get("Transfer-Encoding", "")}


@app.get("/stream")
def stream():
    def lines():
        for number in range(1000):
            yield f"{request.args['word']} {number}\n"
    return Response(stream_with_context(lines()), mimetype="text/plain")


@app.get("/cookies")
def cookies():
    response = make_response({"got": dict(request.cookies)})
    response.set_cookie("one", "1")
    response.set_cookie("two", "b c", httponly=True)
    return response


@app.get("/count")
def count():
    session["count"] = session.get("count", 0) + 1
    return {"count": session["count"]}


@app.get("/redirect")
def go():
    return redirect("/caf\xe9?x=1")


@app.get("/caf\xe9")
def cafe():
    return {"path": request.path, "url": request.url}


@app.get("/file")
def file():
    return send_file(__file__, conditional=True, mimetype="text/plain")


@app.get("/error")
def error():
    raise ValueError("an error in a view")


@app.get("/teapot")
def teapot():
    abort(418)


@app.errorhandler(404)
def missing(error):
    return {"missing": request.path}, 404


@app.route("/any", methods=["GET", "PUT", "PATCH", "DELETE", "OPTIONS"])
def any_method():
    return {"method": request.method}
