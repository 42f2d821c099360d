"""Imports run one way: types <- model <- runtime <- stream <- server <- config <- __main__.

`training` stands beside `runtime`; `generate` is a stream without a server.
"""

import ast
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
ENGINE, SDK, EXAMPLE = ROOT / "engine_service", ROOT / "sdk" / "streamdit", ROOT / "examples" / "pygame" / "critters"

# What each layer of the engine may import of the engine, besides itself. Nobody but the commands imports training.
MAY_IMPORT = {
    "types": set[str](),
    "model": {"types"},
    "runtime": {"types", "model"},
    "training": {"types", "model", "runtime"},
    "stream": {"types", "model", "runtime"},
    "log": set[str](),
    "server": {"types", "model", "runtime", "stream", "log"},
    "config": {"types", "model", "runtime", "stream", "server"},
    "generate": {"types", "model", "runtime", "stream"},
    "evaluation": {"types", "model", "runtime", "stream", "training"},
    "accuracy": {"types", "model", "runtime", "stream"},
    "compile": {"types", "model", "runtime", "accuracy"},
    "page": set[str](),
    "sizes": {"types", "model"},
    "pacing": {"types", "model", "stream"},
    "doctor": {"types", "model", "runtime", "stream", "server"},
    "benchmarks": {"types", "model", "runtime", "stream", "server", "page"},
    "__main__": {"commands"},
    "commands": {
        "runtime",
        "stream",
        "server",
        "config",
        "generate",
        "training",
        "evaluation",
        "doctor",
        "benchmarks",
        "compile",
        "page",
        "pacing",
        "sizes",
        "model",
        "log",
    },
    "__init__": set[str](),
}
BACKENDS = {
    f"engine_service.runtime.{name}"
    for name in ("torch_backend", "openvino_backend", "cuda_backend", "tensorrt.backend")
}

# design.md wants one file per side; these see the wire, and no other.
SEES_PROTOBUF = {
    "engine_service/server/convert.py",
    "engine_service/server/convert_client.py",
    "engine_service/server/app.py",  # registers the service
    "engine_service/server/service.py",  # derives from the generated servicer
    "sdk/streamdit/_convert.py",
    "sdk/streamdit/_convert_client.py",
    "sdk/streamdit/testing.py",  # FakeEngine is the other end of the wire
    "sdk/streamdit/_fake_session.py",
    "sdk/streamdit/_fake_world.py",
    "sdk/streamdit/_fake_heard.py",
}


def sources(folder: Path) -> list[Path]:
    """Written by hand: the generated wire code answers to nobody."""
    return sorted(path for path in folder.rglob("*.py") if "wire" not in path.relative_to(folder).parts)


def imported(file: Path, package_root: Path) -> Iterator[str]:
    """Every module a file imports, wherever in the file, by its whole name; `from a import b` gives a and a.b."""
    package = file.relative_to(package_root).with_suffix("").parts[:-1]
    for node in ast.walk(ast.parse(file.read_text())):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            start = package[: len(package) - node.level + 1] if node.level else ()
            module = ".".join([*start, *([node.module] if node.module else [])])
            yield module
            yield from (f"{module}.{alias.name}" for alias in node.names)


def within(module: str, package: str) -> bool:
    return module == package or module.startswith(f"{package}.")


def layer(file: Path) -> str:
    return file.relative_to(ENGINE).with_suffix("").parts[0]


def name(file: Path) -> str:
    return file.relative_to(ROOT).as_posix()


def files(folder: Path) -> pytest.MarkDecorator:
    return pytest.mark.parametrize("file", sources(folder), ids=name)


@files(ENGINE)
def test_the_engine_imports_downwards_only(file: Path) -> None:
    own = layer(file)
    assert own in MAY_IMPORT, f"a new layer: {own}"
    for module in imported(file, ROOT):
        if within(module, "engine_service") and module != "engine_service":
            below = module.split(".")[1]
            if below in MAY_IMPORT:  # anything else is a name of the package itself
                assert below == own or below in MAY_IMPORT[own], f"{own} imports {module}"


@files(ENGINE)
def test_the_engine_knows_no_game_and_of_the_sdk_only_what_it_must(file: Path) -> None:
    allowed = {
        "types": ("streamdit.types",),  # one type per idea across both packages
        "model": ("streamdit.types",),
        "runtime": ("streamdit.types",),
        "stream": ("streamdit.types",),
        "server": (
            "streamdit.wire",
            "streamdit.version",
            "streamdit.types",
            "streamdit.checks",  # what is refused is refused alike on both sides
            "streamdit.rejection",
            "streamdit.jpeg",
            "streamdit.limits",
        ),
        "training": (
            "streamdit.recording",
            "streamdit.types",
            "streamdit.progress",
        ),  # training data is nothing else than recordings
        "generate": ("streamdit.recording", "streamdit.types", "streamdit.progress"),
        "evaluation": ("streamdit.recording", "streamdit.types", "streamdit.progress"),
        "benchmarks": ("streamdit.launch", "streamdit.bots"),  # plays against a process of its own, as a client
        "commands": ("streamdit.errors",),
        "compile": ("streamdit.progress",),
    }.get(layer(file), ())
    for module in imported(file, ROOT):
        assert not within(module, "critters")
        if within(module, "streamdit") and module != "streamdit":
            assert any(within(module, package) for package in allowed), f"{name(file)} imports {module}"


@files(ENGINE)
def test_only_load_chooses_a_backend(file: Path) -> None:
    for module in imported(file, ROOT):
        if any(within(module, backend) for backend in BACKENDS):
            assert name(file) == "engine_service/runtime/load.py", f"{name(file)} imports {module}"


@pytest.mark.parametrize("file", [*sources(ENGINE / "model"), ENGINE / "types.py"], ids=name)
def test_the_model_has_no_clock_no_network_and_no_files(file: Path) -> None:
    outside = {"time", "datetime", "socket", "asyncio", "grpc", "pathlib", "os", "io", "threading"}
    assert not {module.split(".")[0] for module in imported(file, ROOT)} & outside


@files(SDK)
def test_the_sdk_imports_neither_torch_nor_the_engine_nor_a_game(file: Path) -> None:
    roots = {module.split(".")[0] for module in imported(file, ROOT / "sdk")}
    assert not roots & {"torch", "openvino", "safetensors", "einops", "engine_service", "critters"}


@files(SDK)
def test_the_bots_use_the_sdk_and_the_sdk_does_not_use_them(file: Path) -> None:
    if "bots" not in file.relative_to(SDK).parts:
        assert not [module for module in imported(file, ROOT / "sdk") if within(module, "streamdit.bots")]


@files(EXAMPLE)
def test_examples_import_only_the_sdks_public_modules_and_themselves(file: Path) -> None:
    third_party = {"numpy", "pygame", "typer", "rich", "PIL"}
    for module in imported(file, EXAMPLE.parent):
        root, *rest = module.split(".")
        if root == "streamdit":
            assert not (rest and (rest[0].startswith("_") or rest[0] == "wire")), f"{name(file)} imports {module}"
        else:
            assert root == "critters" or root in sys.stdlib_module_names or root in third_party, module


def test_the_files_that_see_protobuf_are_exactly_those_listed() -> None:
    found = {
        name(file)
        for folder, package_root in ((ENGINE, ROOT), (SDK, ROOT / "sdk"), (EXAMPLE, EXAMPLE.parent))
        for file in sources(folder)
        if any(
            within(module, package)
            for module in imported(file, package_root)
            for package in ("google.protobuf", "google.rpc", "streamdit.wire")
        )
    }
    assert found == SEES_PROTOBUF


def test_a_relative_import_is_understood(tmp_path: Path) -> None:
    """The other tests are worth nothing if this one fails."""
    file = tmp_path / "pack" / "deep" / "module.py"
    file.parent.mkdir(parents=True)
    file.write_text(
        "def lazy():\n    from .near import a\n    from ..far import b\n    import x.y\n    from .. import c\n"
    )
    assert set(imported(file, tmp_path)) == {
        "pack.deep.near", "pack.deep.near.a", "pack.far", "pack.far.b", "x.y", "pack", "pack.c",
    }  # fmt: skip
