import re
import threading
from collections.abc import Iterator
from dataclasses import replace

import gymnasium
import numpy as np
import pytest
from gymnasium.utils.env_checker import check_env

from streamdit._loop_thread import LoopThread
from streamdit.env import WorldEnv, held_by
from streamdit.errors import ConnectionFailed, StreamDiTError
from streamdit.testing import STEERED_WORLD, FakeEngine, Misbehaviour
from streamdit.types import ActionInfo, ActionKind, Delivery, WorldInfo
from streamdit.wire import engine_pb2 as pb

BUTTONS = replace(STEERED_WORLD, actions=STEERED_WORLD.actions[:3])  # left and right exclude each other, jump


@pytest.fixture
def engine() -> Iterator[FakeEngine]:
    with FakeEngine.in_thread() as engine:
        yield engine


@pytest.mark.filterwarnings("ignore:.*symmetric and normalized")  # ours are in the world's units
def test_gymnasium_finds_nothing_to_complain_about(engine: FakeEngine) -> None:
    env = WorldEnv(engine.address)
    check_env(env, skip_render_check=True)
    env.close()


def test_an_action_is_the_state_of_the_next_frame(engine: FakeEngine) -> None:
    env = WorldEnv(engine.address)
    env.reset(seed=1)
    left, *_ = env.step(np.array([0.0, 0.0], np.float32))
    right, reward, terminated, truncated, info = env.step(np.array([128.0, 0.0], np.float32))
    env.close()
    assert (left[18, 0] == 255).all()
    assert (right[18, -1] == 255).all()
    assert (reward, terminated, truncated) == (0.0, False, False)
    assert info["frame_id"] == 3
    assert info["event_id"] == info["last_event_id"] == 2


def test_the_same_seed_and_actions_give_the_same_frames(engine: FakeEngine) -> None:
    runs = []
    env = WorldEnv(engine.address, profile="quartet")
    for _ in range(2):
        env.reset(seed=9)
        env.action_space.seed(3)
        runs.append([env.step(env.action_space.sample())[0] for _ in range(12)])
    env.close()
    assert np.array_equal(runs[0], runs[1])
    assert [body.seed for body in engine.bodies("open")] == [9, 9]


def test_an_engine_that_ends_the_session_terminates_the_episode() -> None:
    with FakeEngine.in_thread(misbehaviour=Misbehaviour(drop_after_frames=2)) as engine:
        env = WorldEnv(engine.address)
        env.reset()
        action = np.array([1.0, 0.0], np.float32)
        assert env.step(action)[2] is False
        _, _, terminated, _, info = env.step(action)
        env.close()
    assert terminated
    assert info["closed"].reason.name == "CONNECTION_LOST"


def test_mistakes_are_named(engine: FakeEngine) -> None:
    with pytest.raises(StreamDiTError, match="has no world 'atlantis', expected one of square"):
        WorldEnv(engine.address, world="atlantis")
    with pytest.raises(ConnectionFailed):
        WorldEnv("127.0.0.1:1", timeout_s=0.2)
    env = WorldEnv(engine.address)
    with pytest.raises(StreamDiTError, match="step before reset"):
        env.step(np.array([1.0, 0.0], np.float32))
    env.close()


@pytest.mark.filterwarnings("ignore:.*symmetric and normalized")  # a button is 0..1
@pytest.mark.parametrize("world", [BUTTONS, STEERED_WORLD], ids=["buttons", "buttons and an axis"])
def test_gymnasium_finds_nothing_to_complain_about_actions_either(world: WorldInfo) -> None:
    with FakeEngine.in_thread(world=world) as engine:
        env = WorldEnv(engine.address, steer="actions")
        check_env(env, skip_render_check=True)
        env.close()
        assert not engine.bodies("state")
        assert not any(body.HasField("state") for body in engine.bodies("open"))


def test_buttons_alone_are_binary_and_an_axis_makes_a_box() -> None:
    with FakeEngine.in_thread(world=BUTTONS) as engine:
        env = WorldEnv(engine.address, steer="actions")
        assert env.action_space == gymnasium.spaces.MultiBinary(3)
        env.close()
    with FakeEngine.in_thread(world=STEERED_WORLD) as engine:
        env = WorldEnv(engine.address, steer="actions")
        assert isinstance(env.action_space, gymnasium.spaces.Box)
        assert env.action_space.low.tolist() == [0, 0, 0, -1]
        assert env.action_space.high.tolist() == [1, 1, 1, 1]
        env.close()


def test_what_is_held_is_said_and_lights_up_and_nothing_is_at_first() -> None:
    with FakeEngine.in_thread(world=BUTTONS) as engine:
        env = WorldEnv(engine.address, steer="actions", profile="single")
        first, info = env.reset(seed=1)
        assert "actions" not in info
        frame, _, _, _, info = env.step(np.array([0, 1, 1], np.int8))
        env.close()
        assert engine.bodies("open")[0].HasField("actions")  # the empty set is a statement
        said = [(value.name, value.value) for value in engine.bodies("actions")[0].values]
    assert info["actions"] == {"right": 1.0, "jump": 1.0}
    assert info["event_id"] == info["last_event_id"] == 1
    assert said == [("right", 1.0), ("jump", 1.0)]
    assert first[-1, [5, 25, 45]].tolist() == [[0] * 3] * 3  # a cell for each
    assert frame[-1, [5, 25, 45]].tolist() == [[0] * 3, [255] * 3, [255] * 3]


@pytest.mark.parametrize(
    ("values", "held"),
    [
        ([0, 0, 0, 0], {}),
        ([1, 1, 1, 0], {"left": 1.0, "jump": 1.0}),  # the first of equals
        ([0.6, 0.9, 0.5, -0.25], {"right": 1.0, "throttle": -0.25}),  # the strongest; above a half
        ([0.4, 0.51, 0, 1], {"right": 1.0, "throttle": 1.0}),
    ],
)
def test_of_an_exclusive_group_the_strongest_is_held(values: list[float], held: dict[str, float]) -> None:
    assert held_by(values, STEERED_WORLD.actions) == held


def test_the_strength_of_an_axis_in_a_group_is_its_share_of_its_range() -> None:
    gears = (ActionInfo("reverse", group="gear"), ActionInfo("speed", ActionKind.AXIS, -2.0, 10.0, group="gear"))
    assert held_by([0.8, 5.0], gears) == {"reverse": 1.0}
    assert held_by([0.8, 9.0], gears) == {"speed": 9.0}
    assert held_by([0.8, -1.9], gears) == {"speed": -1.9}


def test_a_start_clip_is_an_option_of_reset() -> None:
    with FakeEngine.in_thread(world=STEERED_WORLD) as engine:
        env = WorldEnv(engine.address, steer="actions")
        env.reset(seed=1, options={"start": "meadow"})
        env.close()
        assert engine.bodies("open")[0].start == pb.Start(clip="meadow")


@pytest.mark.parametrize(
    ("values", "complaint"),
    [
        ([1, 0], "action has shape (2,), the world has 4 actions: left, right, jump, throttle"),
        ([0, 0, 2, 0], "action 'jump' is 2, must be 0..1"),
        ([0, 0, 0, float("nan")], "action 'throttle' is nan, must be -1..1"),
    ],
)
def test_values_that_no_action_has_are_named(values: list[float], complaint: str) -> None:
    with pytest.raises(ValueError, match=re.escape(complaint)):
        held_by(values, STEERED_WORLD.actions)


def test_a_world_that_cannot_be_steered_so_says_so(engine: FakeEngine) -> None:
    with pytest.raises(StreamDiTError, match="world 'square' takes no actions: steer is 'actions', expected 'state'"):
        WorldEnv(engine.address, steer="actions")
    with pytest.raises(ValueError, match="steer is 'keys', expected one of state, actions"):
        WorldEnv(engine.address, steer="keys")  # type: ignore[arg-type]
    stateless = replace(STEERED_WORLD, state_fields=())
    complaint = "world 'keys' has no state: steer is 'state', expected 'actions'"
    with FakeEngine.in_thread(world=stateless) as other, pytest.raises(StreamDiTError, match=complaint):
        WorldEnv(other.address)


def test_closing_twice_is_closing_once(engine: FakeEngine) -> None:
    env = WorldEnv(engine.address)
    env.reset()
    env.close()
    env.close()
    with pytest.raises(StreamDiTError, match="reset after close"):
        env.reset()
    with pytest.raises(StreamDiTError, match="step before reset"):
        env.step(np.array([0.0, 0.0], np.float32))


def test_a_step_that_timed_out_ends_the_episode_and_the_next_one_is_whole(engine: FakeEngine) -> None:
    env = WorldEnv(engine.address, timeout_s=0.5)
    env.reset(seed=1)
    assert env._session is not None
    env._thread.run(env._session.pause())
    with pytest.raises(TimeoutError, match=r"no frame within 0\.5 s, the episode is over"):
        env.step(np.array([0.0, 0.0], np.float32))
    with pytest.raises(StreamDiTError, match="step before reset"):
        env.step(np.array([0.0, 0.0], np.float32))
    env.reset(seed=1)
    *_, info = env.step(np.array([0.0, 0.0], np.float32))
    env.close()
    assert info["frame_id"] == 2
    assert info["event_id"] == info["last_event_id"] == 1


def test_a_seed_seeds_the_episodes_after_it_too(engine: FakeEngine) -> None:
    env = WorldEnv(engine.address)
    for _ in range(2):
        env.reset(seed=1)
        env.reset()
        env.reset()
    env.close()
    seeds = [body.seed for body in engine.bodies("open")]
    assert seeds[:3] == seeds[3:]
    assert len(set(seeds)) == 3


@pytest.mark.filterwarnings("ignore:.*symmetric and normalized")
@pytest.mark.parametrize("render_mode", ["rgb_array", None])
def test_it_is_made_by_gymnasium_and_passes_its_check_with_a_spec(engine: FakeEngine, render_mode: str | None) -> None:
    where = {"address": engine.address}
    spec = gymnasium.envs.registration.EnvSpec("Square-v0", entry_point="streamdit.env:WorldEnv", kwargs=where)
    env = gymnasium.make(spec, render_mode=render_mode)
    check_env(env.unwrapped)
    frame, _ = env.reset(seed=2)
    shown = env.render()
    env.close()
    if render_mode is None:
        assert shown is None
    else:
        assert np.array_equal(np.asarray(shown), frame)


def test_no_other_render_mode_is_taken(engine: FakeEngine) -> None:
    with pytest.raises(ValueError, match="render_mode is 'human', expected 'rgb_array' or None"):
        WorldEnv(engine.address, render_mode="human")


def test_a_state_outside_the_space_is_refused_and_nothing_was_sent(engine: FakeEngine) -> None:
    env = WorldEnv(engine.address)
    env.reset()
    with pytest.raises(ValueError, match=r"action\.values\[0\] \(x\) is 500, must be 0\.\.128"):
        env.step(np.array([500.0, 0.0], np.float32))
    with pytest.raises(ValueError, match=r"action\.values is 1 values long"):
        env.step(np.array([5.0], np.float32))
    *_, info = env.step(np.array([128.0, 0.0], np.float32))
    env.close()
    assert info["event_id"] == 1
    assert len(engine.bodies("state")) == 1


def test_what_reset_does_not_take_is_named(engine: FakeEngine) -> None:
    env = WorldEnv(engine.address)
    with pytest.raises(ValueError, match="option 'delivery' is unknown, reset takes: prompt, profile, state"):
        env.reset(options={"delivery": Delivery.ALL})
    env.close()


def test_a_reset_waits_for_an_engine_that_comes_back() -> None:
    thread = LoopThread("an engine that is restarted")
    engine = FakeEngine()
    thread.run(engine.__aenter__())
    env = WorldEnv(engine.address, timeout_s=20)
    env.reset()
    thread.run(engine.stop())
    again = threading.Timer(0.5, lambda: thread.run(engine.__aenter__()))
    again.start()
    frame, _ = env.reset(seed=3)
    again.join()
    env.close()
    thread.run(engine.stop())
    thread.close()
    assert frame.shape == (48, 64, 3)
    assert engine.bodies("open")[-1].seed == 3


def test_a_reset_waits_no_longer_than_it_may() -> None:
    thread = LoopThread("an engine that goes away")
    engine = FakeEngine()
    thread.run(engine.__aenter__())
    env = WorldEnv(engine.address, timeout_s=0.5)
    thread.run(engine.stop())
    with pytest.raises(ConnectionFailed):
        env.reset()
    env.close()
    thread.close()
