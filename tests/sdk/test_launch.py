"""An engine of one's own."""

import pytest

from streamdit.errors import ConnectionFailed
from streamdit.launch import LocalEngine


def test_an_engine_that_cannot_serve_the_world_is_an_error_at_once() -> None:
    with pytest.raises(ConnectionFailed, match="ended with status 2"), LocalEngine(world="atlantis"):
        pass


def test_an_engine_that_was_not_started_has_no_process() -> None:
    with pytest.raises(ValueError, match="not running"):
        _ = LocalEngine().pid
