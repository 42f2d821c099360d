"""Plans on disk: a compiled engine file, and beside it a sidecar that says everything it depends on.

A plan is used only if its sidecar names exactly what is wanted and its own bytes are whole; anything else is built
again, and said in words. The plan is written before its sidecar, each by one rename: a plan without a sidecar was
interrupted, one that was changed afterwards has another digest.
"""

import errno
import hashlib
import json
import os
import shutil
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from engine_service.runtime.cache import user_cache
from engine_service.runtime.tensorrt.driver import Gpu
from engine_service.runtime.tensorrt.flavour import Flavour, TensorRtError

Fields = Mapping[str, Any]
FORMAT = 1
ANY_TARGET = "any of the targets"
DISK_IS_FULL = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}
# How a field is called when it is the reason for building again.
_WORDS = {
    "graph": "graph",
    "source": "weights or the code they run in",
    "flavour": "TensorRT flavour",
    "version": "TensorRT version",
    "cuda_major": "CUDA",
    "device": "card",
    "targets": "targets",
    "shapes": "shapes",
    "flags": "builder flags",
    "optimization_level": "optimisation level",
    "decomposable": "decomposable attention",
}


class PlanError(TensorRtError):
    """A plan that cannot be used or written."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanKey:
    """Everything the bytes of a plan depend on."""

    graph: str  # sha256 of the ONNX file and its external weights; "" before it is exported
    source: str  # digest of what the graph was exported from: knows the same graph again without exporting it
    flavour: str
    version: str  # all four numbers: plans are tied to them
    cuda_major: int
    device: str  # the card's name and capability; "any of the targets" where plans are made for targets
    targets: tuple[str, ...]  # ("sm89", "sm120"); () is the flavour's own choice
    shapes: tuple[str, ...]  # of inputs and outputs: "latents float32 1x3x32x16x16"
    flags: tuple[str, ...]  # by name: their numbers differ between versions
    optimization_level: int
    decomposable: bool

    def fields(self) -> dict[str, Any]:
        """As JSON gives it back: tuples are lists."""
        fields: dict[str, Any] = json.loads(json.dumps(asdict(self)))
        return fields

    def of_graph(self) -> dict[str, Any]:
        """What a plan must match once the graph is at hand: all but what it was exported from."""
        return {name: value for name, value in self.fields().items() if name != "source"}

    def of_source(self) -> dict[str, Any]:
        """What a plan must match while the graph is not exported."""
        return {name: value for name, value in self.fields().items() if name != "graph"}

    def with_graph(self, graph: str) -> "PlanKey":
        """The same, once the graph is exported."""
        return replace(self, graph=graph)

    @property
    def digest(self) -> str:
        """A short name; the same graph has the same, wherever it came from."""
        text = json.dumps(self.of_graph(), sort_keys=True)
        return hashlib.sha256(text.encode()).hexdigest()[:16]


@dataclass(frozen=True, slots=True)
class Plan:
    """A plan that is whole, and what its sidecar says."""

    path: Path
    name: str
    key: Fields
    num_bytes: int
    sha256: str
    built_s: float

    def read(self) -> bytes:
        """The plan's bytes, checked again.

        Raises:
            PlanError: the file was truncated or changed.
        """
        damage, data = _inspect(self.path, self.num_bytes, self.sha256)
        if damage:
            raise PlanError(f"{damage}; compile it again")
        return data


@dataclass(frozen=True, slots=True)
class Lookup:
    """The plan that was wanted, or why there is none."""

    plan: Plan | None
    why: str


def default_plans(name: str) -> Path:
    """Where the plans of a world, or of a preset, are kept: the user's cache folder.

    Raises:
        NoCacheError: the user has none.
    """
    return user_cache("plans", name)


class PlanCache:
    """A folder of plans, shared by any number of worlds, cards and versions."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def look_up(self, name: str, wanted: Fields) -> Lookup:
        """The plan `name` with every wanted field: `PlanKey.of_graph`, `of_source`, or any fewer.

        Where there is none, `why` compares with the plan of that name that differs least.
        """
        reasons = []
        for sidecar in sorted(self.folder.glob(f"{name}.*.json")):
            try:
                plan = _read_sidecar(sidecar)
            except (OSError, ValueError, KeyError, TypeError) as error:
                reasons.append((0, f"{sidecar.name} cannot be read ({error})"))
                continue
            differing = differences(plan.key, wanted)
            if differing:
                reasons.append((len(differing), "; ".join(differing)))
                continue
            damage, _ = _inspect(plan.path, plan.num_bytes, plan.sha256)
            if not damage:
                return Lookup(plan, "unchanged")
            reasons.append((0, damage))
        return Lookup(None, min(reasons)[1] if reasons else "no plan yet")

    def write(self, name: str, key: PlanKey, data: bytes, built_s: float) -> Plan:
        """Keep a plan.

        Raises:
            PlanError: the disk is full, or the folder cannot be written.
        """
        path = self.folder / f"{name}.{key.digest}.plan"
        plan = Plan(path, name, key.fields(), len(data), hashlib.sha256(data).hexdigest(), built_s)
        sidecar = {
            "format": FORMAT,
            "name": name,
            "plan_bytes": plan.num_bytes,
            "plan_sha256": plan.sha256,
            "built_s": round(built_s, 3),
            "key": plan.key,
        }
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            replace_file(path, data)
            replace_file(path.with_suffix(".json"), json.dumps(sidecar, indent=2).encode())
        except OSError as error:
            raise PlanError(_cannot_write(path, len(data), error)) from error
        return plan


def differences(found: Fields, wanted: Fields) -> list[str]:
    """Which wanted fields are otherwise, old value and new, in words."""
    return [
        f"{_WORDS.get(name, name)}: {_pair(found.get(name), value)}"
        for name, value in wanted.items()
        if found.get(name) != value
    ]


def why_not_here(plan: Plan, flavour: Flavour, gpu: Gpu) -> str:
    """Why a plan must not be loaded by this TensorRT on this card, with the remedy; "" if it may."""
    wanted: dict[str, Any] = {
        "flavour": flavour.name,
        "version": flavour.version,
        "cuda_major": flavour.cuda_major,
        "device": ANY_TARGET if flavour.builds_without_gpu else str(gpu),
    }
    reasons = differences(plan.key, wanted)
    targets = plan.key["targets"]
    if targets and gpu.target not in targets:
        reasons.append(f"it was compiled for {', '.join(targets)}, the card is {gpu}")
    return f"{plan.path.name}: {'; '.join(reasons)}; compile it on this machine" if reasons else ""


def replace_file(path: Path, data: bytes) -> None:
    """Write a file so that it is there whole or not at all, also after a power cut."""
    partial = path.with_name(f"{path.name}.{os.getpid()}.partial")
    try:
        with partial.open("wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        partial.replace(path)
    finally:
        partial.unlink(missing_ok=True)


def _read_sidecar(file: Path) -> Plan:
    table = json.loads(file.read_text(encoding="utf-8"))
    if table["format"] != FORMAT:
        raise ValueError(f"format is {table['format']}, this engine reads {FORMAT}")
    return Plan(
        path=file.with_suffix(".plan"),
        name=table["name"],
        key=table["key"],
        num_bytes=table["plan_bytes"],
        sha256=table["plan_sha256"],
        built_s=table["built_s"],
    )


def _inspect(path: Path, num_bytes: int, sha256: str) -> tuple[str, bytes]:
    """What is wrong with a plan's file, "" for nothing; and its bytes."""
    try:
        data = path.read_bytes()
    except OSError as error:
        return f"{path.name} cannot be read ({error.strerror})", b""
    if len(data) != num_bytes:
        return f"{path.name} is truncated: {len(data):,} of {num_bytes:,} bytes", b""
    if hashlib.sha256(data).hexdigest() != sha256:
        return f"{path.name} is damaged: its sha256 is not the one in its sidecar", b""
    return "", data


def _pair(old: object, new: object) -> str:
    """Old and new value of a field; digests are shortened, lists show what only one of them has."""
    if isinstance(old, list) and isinstance(new, list):
        gone, came = [x for x in old if x not in new], [x for x in new if x not in old]
        if gone or came:
            old, new = _listed(gone), _listed(came)
    return f"was {_short(old)}, is {_short(new)}"


def _listed(values: list[object]) -> str:
    more = ", ..." if len(values) > 2 else ""
    return ", ".join(map(str, values[:2])) + more or "none"


def _short(value: object) -> str:
    text = str(value)
    is_digest = len(text) == 64 and all(character in "0123456789abcdef" for character in text)
    return f"{text[:12]}..." if is_digest else text


def _cannot_write(path: Path, num_bytes: int, error: OSError) -> str:
    if error.errno in DISK_IS_FULL:
        free = shutil.disk_usage(path.parent).free
        return (
            f"no room for {path}: the plan has {num_bytes:,} bytes, {free:,} are free ({error.strerror}); "
            "free some, or choose another folder with --out"
        )
    return f"{path} cannot be written ({error.strerror}); choose another folder with --out"
