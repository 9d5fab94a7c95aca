"""A loop that always finds more requests still gives everything else its turn."""

import asyncio
import os

import pytest

import slotway._loop
import slotway.asgi

#: Far more than a loop needs to show that it takes more and more in a turn.
TURNS = 60


class Overrun:
    """A connection that is never without a request, and whose descriptor says so."""

    def __init__(self, enough):
        self.fd = os.eventfd(1)
        self.taken = 0
        self.notices = 0
        self.enough = enough

    def fileno(self):
        return self.fd

    def take(self, limit=64):
        if self.enough():
            return []
        self.taken += 1
        return [self]

    key = 0

    def take_notices(self):
        self.notices += 1
        return []


async def taken_each_turn(core, begin, end):
    """How many requests were taken in each turn of the loop."""
    loop = asyncio.get_running_loop()
    each, before = [], 0
    begin()
    try:
        while len(each) < TURNS:
            await asyncio.sleep(0)
            each.append(core.taken - before)
            before = core.taken
    finally:
        end()
        await asyncio.sleep(0)
        os.close(core.fd)
    # The first turn begins it, and a descriptor is looked at once in a turn at most.
    return each[2:]


def native(core):
    loop = asyncio.get_running_loop()
    service = slotway._loop.Service(core, [lambda exchange: None], slotway._loop.Waits(loop))
    return service.begin, service.end


def asgi(core):
    async def app(scope, receive, send): ...

    server = slotway.asgi._Server(app, slotway.asgi.Lifespan(app, "off"), "", False)
    server.core = core
    return server._begin, lambda: server.loop.remove_reader(core.fileno())


@pytest.mark.parametrize("kind", [native, asgi])
def test_a_turn_of_the_loop_does_not_grow(kind, monkeypatch):
    async def nothing():
        pass

    class Nothing:
        def __init__(self, *_):
            pass

        def run(self, app):
            return nothing()

    monkeypatch.setattr(slotway.asgi, "AsgiRequest", Nothing)
    monkeypatch.setattr(slotway.asgi, "fill_scope", lambda *_: None)
    over = False

    async def main():
        nonlocal over
        core = Overrun(lambda: over)
        begin, end = kind(core)

        def stop():
            nonlocal over
            over = True
            end()

        each = await taken_each_turn(core, begin, stop)
        assert set(each) == {each[0]} and each[0] > 0, each
        assert core.notices >= TURNS, "who waits for a notice waits for the end of the requests"

    asyncio.run(main())
