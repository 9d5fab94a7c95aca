"""A Flask application that publishes and receives events from its handlers."""

from flask import Flask, Response, request, stream_with_context

import slotway

app = Flask(__name__)


@app.post("/say/<topic>")
def say(topic):
    slotway.current().publish(topic, request.get_data(), principal="flask")
    return "said"


@app.get("/hear/<topic>")
def hear(topic):
    @stream_with_context
    def lines():
        with slotway.current().subscribe(topic) as subscription:
            subscription.wait_live()
            yield "listening\n"
            for event in subscription:
                if isinstance(event, slotway.Event):
                    yield event.text() + "\n"
                    if event.type == "last":
                        return

    return Response(lines(), mimetype="text/plain")
