"""Generate the Python and the C# messages from the proto; `--check` fails if the committed files differ.

Run by `make proto` and, with `--check`, by `make check`. The C# side needs a .NET SDK: grpcio-tools has no generator
for it, Grpc.Tools has. Without one it is passed over, and said so.
"""

import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

from grpc_tools import protoc

ROOT = Path(__file__).resolve().parent.parent
PROTO = ROOT / "proto" / "streamdit" / "v1" / "engine.proto"
WIRE = ROOT / "sdk" / "streamdit" / "wire"
UNITY = ROOT / "examples" / "unity"
UNITY_WIRE = UNITY / "com.streamdit.engine" / "Runtime" / "Core" / "Wire"
NO_DOTNET = 3  # exit status of with-dotnet


def generate(target: Path) -> None:
    """Write engine_pb2.py, its stub and the gRPC service into `target`."""
    well_known = Path(protoc.__file__).parent / "_proto"
    arguments = [
        "protoc",
        f"-I{PROTO.parent}",
        f"-I{well_known}",
        f"--python_out={target}",
        f"--pyi_out={target}",
        f"--grpc_python_out={target}",
        PROTO.name,
    ]
    if protoc.main(arguments) != 0:
        raise SystemExit(f"protoc failed on {PROTO}")
    # A pool of its own: in the common one they would clash with messages that others generate from the contract.
    messages = target / "engine_pb2.py"
    common, own = "_descriptor_pool.Default()", "_descriptor_pool.DescriptorPool()"
    text = messages.read_text()
    if text.count(common) != 1:
        raise SystemExit(f"{messages.name} has {common} {text.count(common)} times, expected once")
    messages.write_text(text.replace(common, own))
    service = target / "engine_pb2_grpc.py"
    # protoc writes a top-level import; inside a package it must be relative.
    service.write_text(service.read_text().replace("import engine_pb2 as", "from . import engine_pb2 as"))


def generate_csharp(target: Path) -> None:
    """Write Engine.cs into `target`; nothing without a .NET SDK, which is then said."""
    project = UNITY / "Tests~" / "Wire" / "Wire.csproj"
    build = ["dotnet", "build", str(project), "-nologo", "-v:q", "-restore", "-t:Generate", f"-p:WireFolder={target}"]
    done = subprocess.run([str(UNITY / "with-dotnet"), *build], stdout=subprocess.PIPE, text=True, check=False)
    if done.returncode not in (0, NO_DOTNET):
        raise SystemExit(f"the C# messages could not be generated:\n{done.stdout}")


def check(make: Callable[[Path], None], committed: Path) -> None:
    """Fails if a fresh generation differs from what is committed."""
    with tempfile.TemporaryDirectory() as folder:
        fresh = Path(folder)
        make(fresh)
        stale = [f.name for f in sorted(fresh.iterdir()) if f.read_text() != (committed / f.name).read_text()]
    if stale:
        raise SystemExit(f"{committed.relative_to(ROOT)} is out of date ({', '.join(stale)}): run `make proto`")


def main() -> None:
    """Generate in place, or compare a fresh generation with what is committed."""
    for make, place in ((generate, WIRE), (generate_csharp, UNITY_WIRE)):
        if "--check" in sys.argv[1:]:
            check(make, place)
        else:
            make(place)


if __name__ == "__main__":
    main()
