"""A Flask application; nothing in it knows of Slotway.

python -m slotway flask_app:app --threads 4
"""

from collections.abc import Iterator

from flask import Flask, Response, jsonify, request

app = Flask(__name__)


@app.get("/hello/<name>")
def hello(name: str) -> str:
    """A path parameter."""
    return f"hello, {name}"


@app.post("/echo")
def echo() -> Response:
    """The body, as JSON."""
    return jsonify(bytes=len(request.get_data()), type=request.content_type)


@app.get("/rows")
def rows() -> Response:
    """An answer that is sent while it is made."""

    def lines() -> Iterator[str]:
        for number in range(3):
            yield f"{number},{number * number}\n"

    return Response(lines(), mimetype="text/csv")
