"""One call over fixed shapes, recorded once as a CUDA graph and replayed: a launch instead of hundreds.

The pattern is the same whatever is recorded, a torch module or a TensorRT plan: tensors that never move hold the
inputs, the call runs a few times by itself (compilers, autotuners and allocators settle), then it is captured on a side
stream. On a device without CUDA the call is made directly, between the same tensors.
"""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import torch
from torch import Tensor

WARM_UPS = 3  # as in PyTorch's own recipe


class DeviceMemoryError(RuntimeError):
    """The device has no memory left for what was asked; the message has the numbers and the remedy."""


class CapturedCall:
    """A callable of tensors whose shapes never change, answering with one tensor.

    Not for two threads at once: the tensors between calls are the same.
    """

    def __init__(
        self,
        name: str,
        call: Callable[..., Tensor],
        example: Sequence[Tensor],
        device: torch.device,
        *,
        pool: Any = None,
    ) -> None:
        """example: inputs of the shapes and types to come, on any device.

        pool: memory shared with other captured calls, `new_pool()`; allowed because one thread replays them, one after
        the other, and each answer is copied out before the next call.

        Raises:
            DeviceMemoryError: the device is too small.
        """
        self.name = name
        self._call = call
        self._device = device
        self._graph: torch.cuda.CUDAGraph | None = None
        self._captured: Tensor | None = None  # where a replay leaves its answer
        with memory_errors_named(f"making {name} ready", device):
            self._inputs = [tensor.to(device, copy=True).contiguous() for tensor in example]
            self._run() if device.type != "cuda" else self._capture(pool)

    @torch.inference_mode()
    def __call__(self, *inputs: Tensor) -> Tensor:
        """The answer to inputs on any device: on this call's device, the caller's own.

        Raises:
            ValueError: an input has another shape or type than the example.
        """
        for i, (held, given) in enumerate(zip(self._inputs, inputs, strict=True)):
            if held.shape != given.shape or held.dtype != given.dtype:
                raise ValueError(
                    f"{self.name}: input {i} is {given.dtype} {tuple(given.shape)}, "
                    f"it was made for {held.dtype} {tuple(held.shape)}"
                )
            held.copy_(given, non_blocking=True)
        if self._graph is None or self._captured is None:
            return self._run().clone()
        self._graph.replay()
        return self._captured.clone()

    @torch.inference_mode()
    def _run(self) -> Tensor:
        return self._call(*self._inputs)

    def _capture(self, pool: Any) -> None:
        current, side = torch.cuda.current_stream(self._device), torch.cuda.Stream(self._device)  # type: ignore[no-untyped-call]
        side.wait_stream(current)
        with torch.cuda.stream(side):
            for _ in range(WARM_UPS):
                self._run()
        current.wait_stream(side)
        graph = torch.cuda.CUDAGraph()
        # Other threads of a server may allocate meanwhile: only this one's calls are forbidden to.
        with torch.cuda.graph(graph, pool=pool, stream=side, capture_error_mode="thread_local"):
            self._captured = self._run()
        self._graph = graph


def new_pool(device: torch.device) -> Any:
    """Memory for calls that are captured to share it; None where there is nothing to capture."""
    return torch.cuda.graph_pool_handle() if device.type == "cuda" else None


@contextmanager
def memory_errors_named(what: str, device: torch.device) -> Iterator[None]:
    """Torch's own message is a page; this one says what did not fit, what is free, and what helps."""
    try:
        yield
    except torch.OutOfMemoryError as error:
        raise DeviceMemoryError(f"{what}: {_out_of_memory(device)}") from error


def _out_of_memory(device: torch.device) -> str:
    remedy = "serve fewer sessions (--max-sessions), or a smaller world, or end other processes on this GPU"
    if device.type != "cuda":
        return f"out of memory on {device}; {remedy}"
    free, total = torch.cuda.mem_get_info(device)
    return (
        f"out of memory on {torch.cuda.get_device_name(device)}: {free / 1e9:.1f} of {total / 1e9:.1f} GB are free, "
        f"this process holds {torch.cuda.memory_reserved(device) / 1e9:.1f} GB; {remedy}"
    )
