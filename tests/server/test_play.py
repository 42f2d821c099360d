"""A session, over a real socket: opened first, frames that obey, closed last."""

import simplejpeg

from streamdit.wire import engine_pb2 as wire
from tests.server.conftest import StartEngine
from tests.server.fake_player import WORLD, fingerprint
from tests.server.wire_client import Call


def told(frame: wire.Frame) -> tuple[bytes, bytes, bytes, int]:
    """State, prompt and seed as the pixels tell them, and the frame id drawn into them."""
    rows = [frame.payload[row * WORLD.width * 3 :][:3] for row in range(4)]
    return rows[0], rows[1], rows[2], int.from_bytes(rows[3], "big")


def state(*values: float) -> wire.State:
    return wire.State(values=values)


async def play_script(call: Call) -> list[bytes]:
    """A lockstep game of ten chunks; every frame, byte by byte, but for its times."""
    frames: list[bytes] = []
    event_id = 0
    for i in range(10):
        for frame in await call.chunk():
            timeless = wire.Frame.FromString(frame.SerializeToString())
            for field in ("generate_start_us", "generate_end_us", "send_us", "encode_us"):
                timeless.ClearField(field)
            frames.append(timeless.SerializeToString())
        event_id += 1
        await call.say(event_id, state=state(i / 10, 0.5, 0.0))
        if i == 4:
            event_id += 1
            await call.say(event_id, prompt=wire.Prompt(text="a bear in the rain"))
        await call.ack(frame)
    return frames


async def test_a_session_begins_with_opened_and_ends_with_closed_and_its_totals(
    start_engine: StartEngine,
) -> None:
    engine = await start_engine()
    call = await engine.play()
    assert call.opened.profile == "responsive"
    assert call.opened.seed == 7
    assert call.opened.window == 4
    frames = await call.chunk()
    assert [frame.pts_us for frame in frames] == [0, 62_500]
    await call.say(close=wire.Close(detail="enough"))
    closed = (await call.last()).closed
    assert closed.reason == wire.CLOSED_REASON_CLIENT_CLOSED
    assert closed.detail == "enough"
    assert (closed.frames_generated, closed.frames_sent) == (2, 2)


async def test_an_open_without_wishes_gets_the_defaults(start_engine: StartEngine) -> None:
    engine = await start_engine()
    call = engine.call()
    await call.say(open=wire.Open(api_version=1))
    frame = await call.frame()
    opened = call.opened
    assert (opened.world.name, opened.delivery) == ("fake", wire.DELIVERY_LATEST)
    assert opened.encoding == frame.encoding == wire.ENCODING_JPEG
    assert (opened.max_prompt_chars, opened.max_horizon_frames, opened.idle_timeout_s) == (500, 32, 30.0)
    rgb = simplejpeg.decode_jpeg(frame.payload)
    assert rgb.shape == (frame.height, frame.width, 3) == (16, 32, 3)


async def test_the_first_frame_obeys_the_opening_prompt_state_and_seed(start_engine: StartEngine) -> None:
    engine = await start_engine()
    call = await engine.play(prompt=wire.Prompt(text="a bear"), state=state(1.0, 0.0, 1.0), seed=258)
    frame = await call.frame()
    assert told(frame) == (bytes([255, 0, 254]), bytes(fingerprint("a bear")), bytes([0, 1, 2]), 1)
    assert frame.last_event_id == 0


async def test_without_an_opening_state_the_fields_rest_at_their_initial_values(start_engine: StartEngine) -> None:
    engine = await start_engine()
    frame = await (await engine.play()).frame()
    assert told(frame)[0] == bytes([128, 0, 127])


async def test_lockstep_makes_no_chunk_before_every_frame_was_acknowledged(start_engine: StartEngine) -> None:
    engine = await start_engine()
    call = await engine.play()
    first, second = await call.chunk()
    await call.ack(first)
    await call.ack(first)
    await call.say(heartbeat=wire.Heartbeat(client_time_us=42))
    beat = (await call.answer()).heartbeat
    assert beat.client_time_us == 42
    assert beat.server_time_us > 0
    await call.ack(second)
    await call.ack(second)
    assert [frame.frame_id for frame in await call.chunk()] == [3, 4]
    await call.say(heartbeat=wire.Heartbeat(client_time_us=43))
    assert (await call.answer()).heartbeat.client_time_us == 43


async def test_the_same_seed_and_the_same_events_give_the_same_bytes(start_engine: StartEngine) -> None:
    engine = await start_engine()
    games = [await play_script(await engine.play()) for _ in range(2)]
    assert len(games[0]) == 20
    assert games[0] == games[1]
    assert games[0] != await play_script(await engine.play(seed=8))


async def test_each_frame_shows_exactly_the_event_it_names(start_engine: StartEngine) -> None:
    engine = await start_engine()
    call = await engine.play()
    last = (await call.chunk())[-1]
    for event_id in range(1, 21):
        await call.say(event_id, state=state(event_id / 32, 0.5, 0.0))
        await call.ack(last)
        applied = (await call.until_body("event_applied")).event_applied
        first, last = await call.chunk()
        assert (applied.event_id, applied.frame_id, applied.pts_us) == (event_id, first.frame_id, first.pts_us)
        for frame in (first, last):
            assert frame.last_event_id == event_id
            assert told(frame)[0][0] == round(event_id / 32 * 255)


async def test_of_many_states_only_the_newest_counts_and_frames_name_it(start_engine: StartEngine) -> None:
    engine = await start_engine()
    call = await engine.play()
    last = (await call.chunk())[-1]
    for event_id in range(1, 101):
        await call.say(event_id, state=state(event_id / 100, 0.5, 0.0))
    await call.ack(last)
    applied = [(await call.until_body("event_applied")).event_applied for _ in range(100)]
    frame = await call.frame()
    assert [(one.event_id, one.frame_id) for one in applied] == [(i, frame.frame_id) for i in range(1, 101)]
    assert (frame.last_event_id, told(frame)[0][0]) == (100, 255)


async def test_unknown_words_are_named_and_the_rest_of_the_prompt_is_in_force(
    start_engine: StartEngine,
) -> None:
    engine = await start_engine()
    call = await engine.play(prompt=wire.Prompt(text="a purple fox"))
    notice = (await call.until_body("notice")).notice
    assert (notice.code, notice.event_id) == (wire.NOTICE_CODE_UNKNOWN_WORDS, 0)
    assert list(notice.words) == ["purple"]
    last = (await call.chunk())[-1]
    await call.say(1, prompt=wire.Prompt(text="a bear in tweed"))
    await call.ack(last)
    notice = (await call.until_body("notice")).notice
    assert (notice.event_id, list(notice.words)) == (1, ["tweed"])
    assert (await call.frame()).last_event_id == 1


async def test_pause_holds_the_frames_back_and_resume_goes_on_where_it_stopped(
    start_engine: StartEngine,
) -> None:
    engine = await start_engine()
    call = await engine.play()
    last = (await call.chunk())[-1]
    await call.say(1, control=wire.Control(pause=wire.Pause()))
    await call.ack(last)
    await call.say(heartbeat=wire.Heartbeat(client_time_us=1))
    assert (await call.answer()).WhichOneof("body") == "heartbeat"
    await call.say(2, control=wire.Control(resume=wire.Resume()))
    for event_id in (1, 2):
        applied = (await call.until_body("event_applied")).event_applied
        assert (applied.event_id, applied.frame_id) == (event_id, 3)
    assert [frame.frame_id for frame in await call.chunk()] == [3, 4]


async def test_a_profile_switch_and_a_reset_reach_the_player(start_engine: StartEngine) -> None:
    engine = await start_engine()
    call = await engine.play()
    last = (await call.chunk())[-1]
    await call.say(1, control=wire.Control(switch_profile=wire.SwitchProfile(name="balanced")))
    await call.say(2, control=wire.Control(reset=wire.Reset(seed=65_537)))
    await call.ack(last)
    frames = await call.chunk(4)
    assert [frame.frame_id for frame in frames] == [3, 4, 5, 6]
    assert told(frames[0])[2] == bytes([1, 0, 1])


async def test_latest_keeps_sixteen_frames_a_second_and_reports_once_a_second(
    start_engine: StartEngine,
) -> None:
    engine = await start_engine()
    call = await engine.play(delivery=wire.DELIVERY_LATEST)
    frames: list[wire.Frame] = []
    stats: list[wire.Stats] = []
    while len(frames) < 40:
        message = await call.read()
        if message.WhichOneof("body") == "frame":
            frames.append(message.frame)
            await call.ack(message.frame)
        elif message.WhichOneof("body") == "stats":
            stats.append(message.stats)
    media_us = frames[-1].pts_us - frames[0].pts_us
    wall_us = frames[-1].send_us - frames[0].send_us
    assert abs(wall_us - media_us) < 1_000_000
    ids = [frame.frame_id for frame in frames]
    lost = sum(frame.dropped_before.generate + frame.dropped_before.network for frame in frames)
    assert ids[-1] - ids[0] + 1 == len(ids) + lost
    assert len(stats) >= 2
    assert stats[-1].frames_sent > stats[0].frames_sent > 0
    assert stats[-1].step_ms == 4.0
    assert stats[-1].HasField("drift_ms")
    assert stats[-1].active_sessions == 1


async def test_latest_without_credit_holds_one_new_frame_and_says_what_it_replaced(
    start_engine: StartEngine,
) -> None:
    engine = await start_engine()
    call = await engine.play(delivery=wire.DELIVERY_LATEST, window=2)
    frames = await call.chunk()
    stats = (await call.until_body("stats")).stats
    assert stats.frames_sent == 2
    await call.ack(frames[-1])
    frame = await call.frame()
    assert frame.frame_id > 10
    assert frame.dropped_before.network + frame.dropped_before.generate == frame.frame_id - 3


async def test_server_info_names_the_world_and_its_ranges(start_engine: StartEngine) -> None:
    engine = await start_engine()
    info = await engine.info()
    assert (info.api_version, info.backend, info.device, info.max_sessions) == (1, "fake", "none", 4)
    world = info.worlds[0]
    assert [(field.name, field.min, field.max, field.initial) for field in world.state_fields] == [
        ("x", 0.0, 1.0, 0.5),
        ("y", 0.0, 1.0, 0.0),
        ("facing", -1.0, 1.0, 0.0),
    ]
    profiles = [(profile.name, profile.frames_per_shift) for profile in world.profiles]
    assert profiles == [("responsive", 2), ("balanced", 4)]
    assert list(world.actions) == []
