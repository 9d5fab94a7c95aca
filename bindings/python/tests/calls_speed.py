"""How long one call takes, and how many a second there are with 64 at once.

With ``SLOTWAY_HUB`` naming the control socket of a hub that runs, and some worker that takes
``echo`` from ``demo/work``. Arguments: how many calls, and how many bytes each payload has.
"""

from __future__ import annotations

import asyncio
import sys
import time

from slotway import Caller

QUEUE, WARM, LANES = "demo/work", 2000, 64


def told(what: str, times: list[float]) -> None:
    times.sort()
    at = [times[int(share * len(times))] * 1e6 for share in (0.5, 0.99)]
    print(f"{what}, one at a time: p50 {at[0]:.1f} µs, p99 {at[1]:.1f} µs", flush=True)


def rate(what: str, count: int, seconds: float) -> None:
    print(f"{what}, {LANES} at once: {count / seconds:,.0f} calls/s", flush=True)


def on_a_thread(caller: Caller, count: int, payload: bytes) -> None:
    for _ in range(WARM):
        caller.call(QUEUE, "echo", payload)
    times = []
    for _ in range(count):
        begin = time.perf_counter()
        caller.call(QUEUE, "echo", payload)
        times.append(time.perf_counter() - begin)
    told("a thread", times)
    begin = time.perf_counter()
    flight = [caller.begin(QUEUE, "echo", payload) for _ in range(LANES)]
    for index in range(count):
        # The oldest first: most often the next has come meanwhile.
        flight[index % LANES].wait()
        flight[index % LANES] = caller.begin(QUEUE, "echo", payload)
    for calling in flight:
        calling.wait()
    rate("a thread", count + LANES, time.perf_counter() - begin)


async def on_a_loop(count: int, payload: bytes) -> None:
    async with Caller() as caller:
        for _ in range(WARM):
            await caller.call_async(QUEUE, "echo", payload)
        times = []
        for _ in range(count):
            begin = time.perf_counter()
            await caller.call_async(QUEUE, "echo", payload)
            times.append(time.perf_counter() - begin)
        told("a loop", times)
        left = iter(range(count))

        async def lane() -> None:
            for _ in left:
                await caller.call_async(QUEUE, "echo", payload)

        begin = time.perf_counter()
        await asyncio.gather(*(lane() for _ in range(LANES)))
        rate("a loop", count, time.perf_counter() - begin)


def main() -> None:
    given = [int(argument) for argument in sys.argv[1:]]
    count, size = [*given, *(20_000, 64)[len(given) :]]
    payload = b"x" * size
    with Caller() as caller:
        on_a_thread(caller, count, payload)
    try:
        import uvloop
    except ImportError:
        asyncio.run(on_a_loop(count, payload))
    else:
        uvloop.run(on_a_loop(count, payload))


if __name__ == "__main__":
    main()
