"""Which arithmetic a device is quick at."""

import torch


def has_native_bfloat16(device: str) -> bool:
    """Whether `cpu` or a CUDA device multiplies bfloat16 in hardware; emulated, it would be many times slower."""
    if torch.device(device).type == "cuda":
        return bool(torch.cuda.is_bf16_supported(including_emulation=False))
    # A machine that trains on CUDA needs no OpenVINO.
    import openvino as ov  # noqa: PLC0415

    from engine_service.runtime.openvino_backend import cpu_precision  # noqa: PLC0415

    return cpu_precision(ov.Core()) == "bf16"
