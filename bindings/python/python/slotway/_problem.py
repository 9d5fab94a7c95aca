"""What a client is told when a handler gave no answer of its own: problem+json, as the hub."""

from __future__ import annotations

import json
import logging
from typing import Final

from slotway._errors import Error, HubGone
from slotway._slotway import Exchange

log = logging.getLogger("slotway")

_HEADERS: Final = ((b"content-type", b"application/problem+json"),)

#: Status and title of each kind. A code is never renamed and never used again.
_KINDS: Final = {
    "handler_failed": (500, "The worker's handler failed"),
    "no_answer": (500, "The worker gave no answer"),
    "bad_answer": (502, "The worker's answer is not valid"),
    "bad_body": (400, "The request's body cannot be used"),
}


def answer_problem(exchange: Exchange, code: str, detail: str) -> None:
    """Answers with a problem, if there is still somebody to be told."""
    status, title = _KINDS[code]
    body = {
        "type": f"urn:slotway:problem:{code}",
        "title": title,
        "status": status,
        "detail": detail,
        "code": code,
    }
    try:
        if exchange.started:
            if not exchange.answered:
                exchange.abort()
        else:
            exchange.respond(status, _HEADERS, json.dumps(body))
    except Error as error:
        log.debug("nobody waits for the answer: %s", error)


def handler_failed(exchange: Exchange, route: str, error: BaseException) -> None:
    """Answers for a handler that raised. The traceback goes to the log and nowhere else."""
    if is_over(exchange, error):
        log.debug("%s: nobody waits for the answer: %s", route, error)
        answer_problem(exchange, "no_answer", "The request is over.")
        return
    if isinstance(error, BadBody):
        answer_problem(exchange, "bad_body", str(error))
        return
    log.error("%s: the handler failed", route, exc_info=error)
    answer_problem(
        exchange, "handler_failed", "The handler raised an exception; the worker's log has it."
    )


def handler_cancelled(exchange: Exchange, route: str) -> None:
    """Answers for a handler that was cancelled: by its client, or by the worker's end."""
    if not exchange.cancelled:
        log.error("%s: the handler was cancelled", route)
        answer_problem(exchange, "no_answer", "The worker's handler was cancelled.")
        return
    log.debug("%s: the handler was cancelled, as nobody waits for the answer", route)
    try:
        exchange.abort()
    except Error as error:
        log.debug("%s: %s", route, error)


def not_sent(exchange: Exchange, route: str, error: BaseException) -> None:
    """Answers for an answer that cannot be sent."""
    if is_over(exchange, error):
        log.debug("%s: nobody waits for the answer: %s", route, error)
        answer_problem(exchange, "no_answer", "The request is over.")
        return
    log.error("%s: the handler's answer cannot be sent: %s", route, error)
    answer_problem(exchange, "bad_answer", f"The answer cannot be sent: {error}.")


def is_over(exchange: Exchange, error: BaseException) -> bool:
    """Whether an error says no more than that the client or the hub is gone."""
    return isinstance(error, HubGone) or (isinstance(error, Error) and exchange.cancelled)


class BadBody(ValueError):
    """The request's body is not what the handler asked for, text or JSON.

    What a handler does not catch is answered with 400 and the sentence that it holds.
    """
