"""The engine phones nobody."""

import pytest

import engine_service.runtime.openvino_backend  # noqa: F401  as the engine loads it


def test_openvinos_usage_reports_are_switched_off() -> None:
    with pytest.raises(ImportError):
        import openvino_telemetry  # noqa: F401, PLC0415
