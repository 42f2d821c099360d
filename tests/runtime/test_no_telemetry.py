"""The engine phones nobody."""

import importlib

import pytest

import engine_service.runtime.openvino_backend  # noqa: F401  as the engine loads it


def test_openvinos_usage_reports_are_switched_off() -> None:
    with pytest.raises(ImportError):
        importlib.import_module("openvino_telemetry")
