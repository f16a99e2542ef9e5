"""The JSON view of examples/flask."""

from flask import Flask

app = Flask(__name__)


@app.route("/")
def hello_view():
    return {"name": "misha"}
