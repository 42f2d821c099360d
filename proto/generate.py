"""Generate sdk/streamdit/wire from the proto; `--check` fails if the committed files differ.

Run by `make proto` and, with `--check`, by `make check`.
"""

import sys
import tempfile
from pathlib import Path

from grpc_tools import protoc

ROOT = Path(__file__).resolve().parent.parent
PROTO = ROOT / "proto" / "streamdit" / "v1" / "engine.proto"
WIRE = ROOT / "sdk" / "streamdit" / "wire"


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
    service = target / "engine_pb2_grpc.py"
    # protoc writes a top-level import; inside a package it must be relative.
    service.write_text(service.read_text().replace("import engine_pb2 as", "from . import engine_pb2 as"))


def main() -> None:
    """Generate in place, or compare a fresh generation with what is committed."""
    if "--check" not in sys.argv[1:]:
        generate(WIRE)
        return
    with tempfile.TemporaryDirectory() as folder:
        fresh = Path(folder)
        generate(fresh)
        stale = [f.name for f in sorted(fresh.iterdir()) if f.read_text() != (WIRE / f.name).read_text()]
    if stale:
        raise SystemExit(f"sdk/streamdit/wire is out of date ({', '.join(stale)}): run `make proto`")


if __name__ == "__main__":
    main()
