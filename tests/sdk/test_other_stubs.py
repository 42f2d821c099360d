"""Messages that others generate from our contract live in one process with the SDK, whichever version they are of."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from grpc_tools import protoc  # type: ignore[import-untyped]

from streamdit.testing import FakeEngine

ROOT = Path(__file__).resolve().parents[2]
CONTRACTS = {
    "today's": ROOT / "proto" / "streamdit" / "v1" / "engine.proto",
    "that of 0.1": ROOT / "tests" / "server" / "engine_0_1.proto",
}
PROGRAM = """
import sys
{first}
{second}
import grpc
assert streamdit.LiveSession is not None
with grpc.insecure_channel(sys.argv[1]) as channel:
    info = engine_pb2_grpc.EngineServiceStub(channel).GetServerInfo(engine_pb2.GetServerInfoRequest())
    print("theirs", info.worlds[0].name)
with streamdit.LiveSession(sys.argv[1]) as live:
    print("ours", live.opened.world.name)
"""
OURS, THEIRS = "import streamdit", "from streamdit.v1 import engine_pb2, engine_pb2_grpc"


@pytest.mark.parametrize("contract", CONTRACTS.values(), ids=CONTRACTS)
@pytest.mark.parametrize("theirs_first", [True, False])
@pytest.mark.parametrize("found_first", [True, False])
def test_stubs_of_others_work_beside_the_sdk(
    tmp_path: Path, contract: Path, theirs_first: bool, found_first: bool
) -> None:
    protos, stubs = tmp_path / "protos", tmp_path / "stubs"
    (protos / "streamdit" / "v1").mkdir(parents=True)
    stubs.mkdir()
    shutil.copy(contract, protos / "streamdit" / "v1" / "engine.proto")
    arguments = [f"-I{protos}", f"--python_out={stubs}", f"--grpc_python_out={stubs}", "streamdit/v1/engine.proto"]
    assert protoc.main(["protoc", *arguments]) == 0
    # An editable install is found after every folder of the path; an installed SDK lies in one of them, as here.
    folders = (stubs, ROOT / "sdk") if found_first else (ROOT / "sdk", stubs)
    path = os.pathsep.join(map(str, folders))
    first, second = (THEIRS, OURS) if theirs_first else (OURS, THEIRS)
    program = PROGRAM.format(first=first, second=second)
    with FakeEngine.in_thread() as engine:
        command = [sys.executable, "-c", program, engine.address]
        environment = {**os.environ, "PYTHONPATH": path}
        done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=60, check=False)
    assert done.stdout.splitlines() == ["theirs square", "ours square"], done.stderr
