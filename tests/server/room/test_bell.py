"""A bell wakes who waits, from any thread."""

import asyncio
import threading

from lib.server.room.bell import Bell


def test_who_waits_is_woken_from_another_thread_as_soon_as_it_is_there() -> None:
    bell, there = Bell(), threading.Event()

    async def scene() -> float:
        waiting = asyncio.create_task(bell.wait(there.is_set, 20))
        await asyncio.sleep(0.01)
        bell.ring()  # for nothing
        await asyncio.sleep(0.01)
        assert not waiting.done()
        began = asyncio.get_running_loop().time()
        threading.Thread(target=lambda: (there.set(), bell.ring())).start()
        assert await waiting
        return asyncio.get_running_loop().time() - began

    assert asyncio.run(scene()) < 1
    assert bell.waiting == 0


def test_what_is_there_already_is_not_waited_for_and_nothing_only_so_long() -> None:
    bell = Bell()
    assert asyncio.run(bell.wait(lambda: True, 0.0))
    assert not asyncio.run(bell.wait(lambda: False, 0.02))


def test_who_gives_up_leaves_nothing_and_a_closed_loop_is_passed_over() -> None:
    bell = Bell()

    async def scene() -> None:
        waiting = asyncio.create_task(bell.wait(lambda: False, 20))
        await asyncio.sleep(0.01)
        waiting.cancel()
        await asyncio.gather(waiting, return_exceptions=True)
        assert bell.waiting == 0

    asyncio.run(scene())
    bell.ring()
