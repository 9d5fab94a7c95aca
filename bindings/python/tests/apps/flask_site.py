"""A Flask application with cookies, redirects, uploads and streams."""

import io
import os

from flask import (
    Flask,
    Response,
    abort,
    jsonify,
    make_response,
    redirect,
    request,
    send_file,
    session,
    stream_with_context,
    url_for,
)

app = Flask(__name__, static_folder=os.environ["SITE_STATIC"], static_url_path="/static")
app.secret_key = "of the test"


@app.get("/")
def index():
    return "<h1>index</h1>"


@app.get("/hello/<name>")
def hello(name):
    return f"hello, {name}"


@app.route("/count", methods=["GET", "POST"])
def count():
    session["visits"] = session.get("visits", 0) + 1
    return jsonify(dict(session))


@app.get("/cookies")
def cookies():
    response = make_response(dict(request.cookies))
    response.set_cookie("one", "1")
    response.set_cookie("two", "2", httponly=True, samesite="Lax")
    response.delete_cookie("three")
    return response


@app.get("/away")
def away():
    return redirect(url_for("hello", name="you there", q="1 2"))


@app.get("/environ/<path:rest>")
def environ(rest):
    names = [
        "REQUEST_METHOD",
        "SCRIPT_NAME",
        "PATH_INFO",
        "QUERY_STRING",
        "CONTENT_TYPE",
        "CONTENT_LENGTH",
        "SERVER_PROTOCOL",
        "HTTP_HOST",
        "HTTP_X_MANY",
        "HTTP_X_LATIN",
        "wsgi.url_scheme",
        "wsgi.version",
        "wsgi.run_once",
    ]
    return {"rest": rest, "url": request.url, **{n: request.environ.get(n) for n in names}}


@app.post("/echo")
def echo():
    return Response(request.get_data(), content_type=request.content_type)


@app.post("/lines")
def lines():
    return jsonify([len(line) for line in request.stream])


@app.post("/upload")
def upload():
    files = [(f.filename, f.mimetype, sum(f.read())) for f in request.files.getlist("files")]
    return jsonify(files=files, form=request.form.to_dict(flat=False))


@app.get("/stream")
def stream():
    def parts():
        for number in range(5):
            yield f"{number} {request.args.get('tail', '')}\n" * 500

    return Response(stream_with_context(parts()), mimetype="text/plain")


@app.get("/memory")
def memory():
    return send_file(io.BytesIO(b"0123456789" * 100), mimetype="text/plain")


@app.get("/teapot")
def teapot():
    abort(418)


@app.get("/wrong")
def wrong():
    raise ValueError("on purpose")


@app.get("/latin")
def latin():
    return Response("ok", headers={"x-latin": "Grüße"})


@app.get("/nothing")
def nothing():
    return "", 204
