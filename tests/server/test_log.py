"""An operator sees sessions begin and end, and who was refused; prompts are nobody's business."""

import json
import logging

import pytest

from engine_service.log import JsonFormatter, configure, printable
from streamdit.wire import engine_pb2 as wire
from tests.server.conftest import StartEngine


async def test_a_sessions_beginning_and_end_are_a_line_each_and_hold_no_prompt(
    start_engine: StartEngine, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    engine = await start_engine()
    call = await engine.play(prompt=wire.Prompt(text="a secret bear"), sdk_name="game\nsession forged")
    await call.say(1, prompt=wire.Prompt(text="a secret fox"))
    await call.say(2, prompt=wire.Prompt(text="a secret " + "x" * 500))
    await call.chunk()
    await call.say(close=wire.Close(detail="bye\nsession forged"))
    await call.last()
    await engine.emptied()
    lines = [JsonFormatter().format(record) for record in caplog.records]
    events = [json.loads(line) for line in lines]
    begun, ended = [each for each in events if each.get("event", "").startswith("session_")]
    assert (begun["event"], ended["event"]) == ("session_begun", "session_ended")
    assert begun["session"] == ended["session"] == call.opened.session_id
    assert (begun["world"], begun["delivery"], begun["seed"]) == ("fake", "LOCKSTEP", 7)
    assert (ended["reason"], ended["frames_sent"]) == ("CLIENT_CLOSED", 2)
    assert ended["detail"] == "bye\\nsession forged"
    assert not any("secret" in line for line in lines)
    assert not any("\n" in record.getMessage() for record in caplog.records)


async def test_a_refusal_is_a_line_that_names_the_field_and_no_prompt(
    start_engine: StartEngine, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    engine = await start_engine()
    call = engine.call()
    await call.open(world="a secret world")
    await call.refusal()
    (refused,) = [json.loads(JsonFormatter().format(each)) for each in caplog.records if "refused" in each.getMessage()]
    assert (refused["event"], refused["reason"], refused["field"]) == ("refused", "UNKNOWN_WORLD", "open.world")
    assert "secret" not in json.dumps(refused)


def test_a_traceback_stays_in_its_line() -> None:
    try:
        raise ValueError("broken")
    except ValueError:
        import sys  # noqa: PLC0415

        record = logging.LogRecord("engine", logging.ERROR, "", 0, "failed: %s", ("x",), sys.exc_info())
    line = JsonFormatter().format(record)
    assert "\n" not in line
    assert json.loads(line)["message"] == "failed: x"
    assert "ValueError: broken" in json.loads(line)["traceback"]


def test_an_unknown_level_is_refused() -> None:
    with pytest.raises(ValueError, match="log level is 'loud', expected one of debug, info, warning, error"):
        configure("loud")


def test_a_clients_text_is_cut_and_cannot_begin_a_line() -> None:
    assert printable("a\nb\x1b[31m") == "a\\nb\\x1b[31m"
    assert printable("x" * 300) == "x" * 200 + "..."
