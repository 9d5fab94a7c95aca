"""A Flask application that calls activities from its handlers."""

from flask import Flask

import slotway

app = Flask(__name__)


@app.get("/call/<text>")
def call(text):
    return slotway.caller().call("demo/work", "echo", text).text()


@app.get("/fail")
def fail():
    try:
        slotway.caller().call("demo/work", "crash")
    except slotway.CallFailed as failed:
        return failed.end
    return "not at all"
