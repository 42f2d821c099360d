from collections.abc import Iterator

import numpy as np
import pytest
from gymnasium.utils.env_checker import check_env

from streamdit.env import WorldEnv
from streamdit.errors import ConnectionFailed, StreamDiTError
from streamdit.testing import FakeEngine, Misbehaviour


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
