import asyncio

from sandbox.events import MAX_WAITING, EventBus


async def test_subscribers_hear_what_happens_while_they_listen() -> None:
    bus = EventBus()
    bus.publish("before")
    with bus.subscribe() as events:
        bus.publish("during", number=1)
        event = await anext(events)
    bus.publish("after")
    assert (event["kind"], event["number"]) == ("during", 1)
    assert isinstance(event["t"], float)


async def test_a_waiting_subscriber_is_woken() -> None:
    bus = EventBus()
    with bus.subscribe() as events:
        asyncio.get_running_loop().call_soon(bus.publish, "later")
        assert (await anext(events))["kind"] == "later"


async def test_a_slow_subscriber_loses_the_oldest() -> None:
    bus = EventBus()
    with bus.subscribe() as events:
        for number in range(MAX_WAITING + 1):
            bus.publish("event", number=number)
        assert (await anext(events))["number"] == 1


async def test_what_a_slow_subscriber_lost_is_counted() -> None:
    bus = EventBus()
    with bus.subscribe() as events:
        for _ in range(MAX_WAITING + 3):
            bus.publish("event")
        assert events.dropped == 3


def test_listeners_have_heard_when_publish_returns() -> None:
    bus = EventBus()
    heard: list[str] = []
    bus.listeners.append(lambda event: heard.append(event["kind"]))
    bus.publish("now")
    assert heard == ["now"]
