"""Places to work are handed on in the order of asking, to nobody who gave up, and none is ever lost."""

from __future__ import annotations

import asyncio

import pytest

from appliance.admission import Admission
from appliance.errors import AnswerTooSlow, TooManyQuestions


def admission(*, at_once: int = 1, seconds: float = 60) -> Admission:
    return Admission(a_person=2, at_once=at_once, seconds=seconds)


def test_a_person_has_two_questions_and_another_is_not_in_their_way() -> None:
    door = admission()
    door.enter("a")
    door.enter("a")
    with pytest.raises(TooManyQuestions, match=r"At most 2 of your questions .* again in 5 seconds"):
        door.enter("a")
    door.enter("b")
    door.leave("a")
    door.enter("a")


def test_places_are_had_in_the_order_of_asking() -> None:
    async def run() -> list[int]:
        door, order = admission(), list[int]()

        async def work(number: int) -> None:
            async with door.place():
                order.append(number)
                await asyncio.sleep(0)

        await asyncio.gather(*(work(number) for number in range(5)))
        return order

    assert asyncio.run(run()) == [0, 1, 2, 3, 4]


def test_never_more_than_the_places_are_at_work() -> None:
    async def run() -> int:
        door, working, most = admission(at_once=3), 0, 0

        async def work() -> None:
            nonlocal working, most
            async with door.place():
                working += 1
                most = max(most, working)
                await asyncio.sleep(0.001)
                working -= 1

        await asyncio.gather(*(work() for _ in range(20)))
        return most

    assert asyncio.run(run()) == 3


def test_who_gives_up_leaves_the_queue_and_whoever_fails_gives_the_place_back() -> None:
    async def run() -> None:
        door = admission()
        entered = asyncio.Event()

        async def work(*, fail: bool = False) -> None:
            async with door.place():
                entered.set()
                await asyncio.sleep(0.01)
                if fail:
                    raise ValueError("broken")

        first = asyncio.create_task(work(fail=True))
        await entered.wait()
        waiting = [asyncio.create_task(work()) for _ in range(3)]
        await asyncio.sleep(0)
        waiting[0].cancel()
        waiting[2].cancel()
        with pytest.raises(ValueError, match="broken"):
            await first
        waiting[1].cancel()  # at the very moment at which the place is handed to it
        await asyncio.gather(*waiting, return_exceptions=True)
        async with asyncio.timeout(5), door.place():
            pass

    asyncio.run(run())


def test_waiting_and_working_too_long_ends_with_a_sentence_and_frees_the_place() -> None:
    async def wait_while_having_it(door: Admission) -> None:
        async with door.place():
            with pytest.raises(AnswerTooSlow, match="was stopped"):
                await door.place().__aenter__()
            await asyncio.sleep(60)

    async def run() -> None:
        door = admission(seconds=0.05)
        with pytest.raises(AnswerTooSlow, match="not finished within 0 seconds"):
            await wait_while_having_it(door)
        async with door.place():
            pass

    asyncio.run(run())
