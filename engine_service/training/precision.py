"""Which arithmetic a device is quick at."""

import torch


def has_native_bfloat16(device: str) -> bool:
    """Whether `cpu` or a CUDA device multiplies bfloat16 in hardware; emulated, it would be many times slower.

    A PyTorch that cannot say what the processor has counts as one without.
    """
    if torch.device(device).type == "cuda":
        return bool(torch.cuda.is_bf16_supported(including_emulation=False))
    capabilities = torch.cpu.get_capabilities() if hasattr(torch.cpu, "get_capabilities") else {}
    return bool(capabilities.get("avx512_bf16") or capabilities.get("bf16"))  # x86, ARM
