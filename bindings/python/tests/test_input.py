"""``wsgi.input`` reads as a file does, however the body arrives."""

import io
import random

import pytest

from slotway._errors import BodyAborted
from slotway._wsgi_input import WsgiInput


class Arriving:
    """A request whose body arrives in pieces of these sizes."""

    def __init__(self, body, sizes, then=None):
        self.pieces, at = [], 0
        for size in sizes:
            self.pieces.append(body[at : at + size])
            at += size
        self.pieces = [piece for piece in [*self.pieces, body[at:]] if piece]
        self.then = then

    def read(self, size, timeout):
        assert size > 0 and timeout is None
        if not self.pieces:
            if self.then is not None:
                raise self.then
            return b""
        piece = self.pieces.pop(0)
        if len(piece) > size:
            self.pieces.insert(0, piece[size:])
        return piece[:size]


BODY = b"one\n\ntwo two\n" + b"x" * 300 + b"\nlast"


@pytest.mark.parametrize("seed", range(200))
def test_any_calls_give_what_a_file_gives(seed):
    rng = random.Random(seed)
    sizes = [rng.choice([1, 2, 5, 50]) for _ in range(rng.randrange(100))]
    found, expected = WsgiInput(Arriving(BODY, sizes)), io.BytesIO(BODY)
    for _ in range(rng.randrange(1, 40)):
        call = rng.choice(["read", "read", "readline", "readline", "readlines", "next"])
        size = rng.choice([-1, 0, 1, 3, 4, 10, 400, None])
        if call == "next":
            assert next(found, None) == next(expected, None)
            continue
        if call == "readlines":
            size = rng.choice([1, 10, 50])
        if rng.random() < 0.1:
            size = -1
        assert getattr(found, call)(size) == getattr(expected, call)(size), (call, size)
    assert found.read() == expected.read()
    assert found.read() == b"" == found.readline() and list(found) == []


def test_a_body_that_breaks_off_is_a_connection_that_was_reset():
    stream = WsgiInput(Arriving(b"half", [], then=BodyAborted("the client broke off")))
    assert stream.read(2) == b"ha"
    with pytest.raises(ConnectionResetError, match="broken off: the client broke off"):
        stream.read()
