"""A fork takes neither threads nor gRPC along: what is asked of either in the child ends in a sentence, not a wait."""

import os

from streamdit.errors import StreamDiTError

_first_used_in: list[int] = []  # the process, once any connection was made


def using_grpc() -> None:
    """To be called before gRPC is used.

    Raises:
        StreamDiTError: this process was forked from one that had used it.
    """
    if not _first_used_in:
        # gRPC's own handlers crash the child now and then while its threads are busy, as ours always are.
        os.environ.setdefault("GRPC_ENABLE_FORK_SUPPORT", "0")
        _first_used_in.append(os.getpid())
    check_same_process(_first_used_in[0])


def check_same_process(pid: int) -> None:
    """What was made in process `pid` is used in it.

    Raises:
        StreamDiTError: it is not.
    """
    if os.getpid() != pid:
        raise StreamDiTError(
            f"process {os.getpid()} was forked from {pid}, which had connections, and they do not outlive a fork: "
            "start it afresh, with multiprocessing's 'spawn' (AsyncVectorEnv: context='spawn'), or fork before you "
            "connect"
        )
