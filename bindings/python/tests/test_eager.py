"""Coroutines whose first step runs at once are tasks in every respect."""

import asyncio
import contextvars

import pytest

from slotway._eager import Runner

seen = contextvars.ContextVar("seen", default=0)


def on_loop(scenario):
    """Runs a scenario that starts coroutines from a callback, as the server does."""

    async def main():
        loop = asyncio.get_running_loop()
        runner = Runner(loop)

        def start(coroutine):
            started = loop.create_future()
            loop.call_soon(lambda: started.set_result(runner.start(coroutine)))
            return started

        await asyncio.wait_for(scenario(runner, start), 20)
        runner.close()
        # What is left of the carriers goes before the loop does.
        while len(asyncio.all_tasks()) > 2:
            await asyncio.sleep(0)

    asyncio.run(main())


def test_what_never_waits_is_over_at_once_and_its_carrier_serves_again():
    tasks = []

    async def quick():
        tasks.append(asyncio.current_task())

    async def scenario(runner, start):
        for _ in range(5):
            assert await start(quick()) is None
        assert len(runner.idle) == 1

    on_loop(scenario)
    assert len(set(tasks)) == 1 and isinstance(tasks[0], asyncio.Task)


@pytest.mark.parametrize("turns", [0, 1, 5])
def test_the_task_of_the_first_step_runs_the_rest(turns):
    tasks = []

    async def waits(done):
        tasks.append(asyncio.current_task())
        for _ in range(turns):
            await asyncio.sleep(0)
        await asyncio.sleep(0.001)
        tasks.append(asyncio.current_task())
        async with asyncio.timeout(10):
            await asyncio.sleep(0.001)
        done.set_result(None)

    async def scenario(runner, start):
        for _ in range(3):
            done = asyncio.get_running_loop().create_future()
            assert await start(waits(done)) is not None
            await done
            while runner.busy:
                await asyncio.sleep(0)

    on_loop(scenario)
    assert len(tasks) == 6 and len(set(tasks)) == 1


def test_a_timeout_that_begins_in_the_first_step_fires():
    caught = []

    async def waits(done):
        try:
            async with asyncio.timeout(0.001):
                await asyncio.Event().wait()
        except TimeoutError:
            caught.append(asyncio.current_task().cancelling())
        done.set_result(None)

    async def scenario(runner, start):
        for _ in range(2):
            done = asyncio.get_running_loop().create_future()
            await start(waits(done))
            await done

    on_loop(scenario)
    assert caught == [0, 0]


@pytest.mark.parametrize("when", ["at once", "later"])
@pytest.mark.parametrize("used", [False, True])
def test_a_cancellation_arrives_where_it_waits_once(when, used):
    caught = []

    async def waits(done):
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            caught.append("cancelled")
            # It may still do something afterwards.
            await asyncio.sleep(0.001)
            caught.append("after")
        finally:
            done.set_result(None)

    async def quick():
        pass

    async def scenario(runner, start):
        loop = asyncio.get_running_loop()
        if used:
            await start(quick())
            await asyncio.sleep(0.001)
        done = loop.create_future()
        coroutine = waits(done)
        if when == "at once":
            loop.call_soon(lambda: runner.start(coroutine).cancel(coroutine))
        else:
            carrier = await start(coroutine)
            await asyncio.sleep(0.001)
            carrier.cancel(coroutine)
        await done
        while runner.busy:
            await asyncio.sleep(0)
        # Somebody asked for its end, so it is not used again.
        assert not runner.idle

    on_loop(scenario)
    assert caught == ["cancelled", "after"]


def test_a_coroutine_that_cancels_itself_and_ends_harms_no_later_one():
    order = []

    async def itself():
        asyncio.current_task().cancel()
        order.append("itself")

    async def other(done):
        await asyncio.sleep(0.001)
        order.append("other")
        done.set_result(None)

    async def scenario(runner, start):
        await start(itself())
        done = asyncio.get_running_loop().create_future()
        await start(other(done))
        await done

    on_loop(scenario)
    assert order == ["itself", "other"]


def test_each_has_a_context_of_its_own_in_all_of_its_steps():
    values = []

    async def sets(done, waits):
        values.append(seen.get())
        token = seen.set(7)
        if waits:
            await asyncio.sleep(0.001)
        values.append(seen.get())
        if waits:
            # Only possible in the context that it was set in.
            seen.reset(token)
            seen.set(8)
        done.set_result(None)

    async def scenario(runner, start):
        for waits in (False, True, False, True):
            done = asyncio.get_running_loop().create_future()
            await start(sets(done, waits))
            await done

    on_loop(scenario)
    assert values == [0, 7] * 4


def test_many_wait_at_a_time():
    ended = []

    async def waits(number):
        await asyncio.sleep(0.001 * (number % 3))
        ended.append(number)

    async def scenario(runner, start):
        for number in range(200):
            await start(waits(number))
        while runner.busy:
            await asyncio.sleep(0.001)

    on_loop(scenario)
    assert sorted(ended) == list(range(200))


def test_anyio_takes_it_for_a_task():
    anyio = pytest.importorskip("anyio")
    got = []

    async def groups(done):
        async with anyio.create_task_group() as group:
            group.start_soon(anyio.sleep, 10)
            got.append(await anyio.to_thread.run_sync(lambda: 5))
            group.cancel_scope.cancel()
        with anyio.move_on_after(0.001) as scope:
            await anyio.sleep(10)
        got.append(scope.cancelled_caught)
        done.set_result(None)

    async def scenario(runner, start):
        for _ in range(2):
            done = asyncio.get_running_loop().create_future()
            await start(groups(done))
            await done

    on_loop(scenario)
    assert got == [5, True] * 2
