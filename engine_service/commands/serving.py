"""Commands for those who serve a world, or want to know whether this machine can."""

import logging
import os
import signal
import threading
import time
from pathlib import Path
from typing import Annotated, NoReturn

import typer
from rich.console import Console

from engine_service.commands.options import BackendOption, WorldOption, clear_errors

_END_S = 15.0  # more than draining takes


def serve(
    world: WorldOption = "critters",
    host: Annotated[str, typer.Option(help="Address to listen on; 0.0.0.0 for other machines.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(help="Port; 0 takes a free one and names it.")] = 50051,
    backend: BackendOption = "auto",
    threads: Annotated[int, typer.Option(help="Cores to compute on; 0 is all of them.")] = 0,
    cache: Annotated[Path | None, typer.Option(help="Converted graphs; default: the user's cache folder.")] = None,
    plans: Annotated[Path | None, typer.Option(help="TensorRT's plans; default: where compile puts them.")] = None,
    max_sessions: Annotated[int, typer.Option(help="Players at once; the next one is refused.")] = 4,
    idle_timeout: Annotated[float, typer.Option(help="Seconds without a word before a client is closed.")] = 30.0,
    resume: Annotated[
        float, typer.Option(help="Seconds a session outlives a broken connection; 0: not at all.")
    ] = 10.0,
    metrics_port: Annotated[int | None, typer.Option(help="Prometheus page; none unless given.")] = None,
    governor: Annotated[bool, typer.Option(help="Lower quality before frames are late.")] = True,
    all_rungs: Annotated[
        bool, typer.Option("--all-rungs", help="Also rungs that need graphs of their own: starts take longer.")
    ] = False,
    gpu_hz: Annotated[float, typer.Option(help="How often to ask NVML of the GPU; 0: never.")] = 4.0,
    token: Annotated[str | None, typer.Option(help="Ask clients for it.", envvar="STREAMDIT_TOKEN")] = None,
    tls_cert: Annotated[Path | None, typer.Option(help="PEM certificate; with --tls-key.")] = None,
    tls_key: Annotated[Path | None, typer.Option(help="PEM private key; with --tls-cert.")] = None,
    log_level: Annotated[
        str, typer.Option(help="debug, info (each session's beginning and end, refusals), warning or error.")
    ] = "info",
    log_json: Annotated[bool, typer.Option("--log-json", help="One JSON object a line.")] = False,
    end_with_stdin: Annotated[
        bool, typer.Option("--end-with-stdin", help="End when standard input is closed, as by a game that is gone.")
    ] = False,
) -> None:
    """Serve a world over gRPC until SIGINT or SIGTERM."""
    say = Console(stderr=True)
    # Also while loading, and as process 1 of a container, which the kernel spares signals without a handler.
    signal.signal(signal.SIGTERM, _end_loading)
    if end_with_stdin:
        threading.Thread(target=_end_with_stdin, name="streamdit-stdin", daemon=True).start()
    with clear_errors():
        from engine_service.log import configure  # noqa: PLC0415
        from engine_service.server.config import ServerConfig  # noqa: PLC0415
        from engine_service.stream.governor import GovernorConfig  # noqa: PLC0415

        configure(log_level, as_json=log_json)
        settings = ServerConfig(
            host=host,
            port=port,
            max_sessions=max_sessions,
            idle_timeout_s=idle_timeout,
            resume_s=resume,
            metrics_port=metrics_port,
            governor=GovernorConfig() if governor else None,
            token=token,
            tls_cert=tls_cert,
            tls_key=tls_key,
        )
        settings.check_ports()
        for words in settings.exposures():
            logging.getLogger(__name__).warning("%s", words)
    with say.status(f"loading world {world} (the first start compiles it and takes longer)"), clear_errors():
        from engine_service.config import EngineConfig, build_server  # noqa: PLC0415

        server = build_server(
            EngineConfig(
                world=world,
                backend=backend,
                num_threads=threads,
                cache=cache,
                all_rungs=all_rungs,
                gpu_hz=gpu_hz,
                plans=plans,
                server=settings,
            ),
            say=lambda words: say.print(words, markup=False, highlight=False, soft_wrap=True),
        )
    from engine_service.server.app import run  # noqa: PLC0415

    with clear_errors():
        run(server)


def _end_loading(number: int, _frame: object) -> NoReturn:
    """Until the server has handlers of its own."""
    raise SystemExit(128 + number)


def _end_with_stdin() -> None:
    """Wait for the end of standard input, then end this process as SIGTERM does, or at once if that hangs."""
    while os.read(0, 4096):  # not by sys.stdin, whose lock a daemon thread may not hold at the end
        pass
    os.kill(os.getpid(), signal.SIGTERM)
    time.sleep(_END_S)
    os._exit(1)


def generate(
    out: Annotated[Path, typer.Option(help="Folder for the recording that is made.")],
    prompt: Annotated[
        str | None,
        typer.Option(help="What the world should be. Default: left open where the world can, else its first example."),
    ] = None,
    world: WorldOption = "critters",
    seconds: Annotated[float, typer.Option(help="How much media time.")] = 4.0,
    profile: Annotated[str | None, typer.Option(help="Default: the world's.")] = None,
    states: Annotated[Path | None, typer.Option(help="A recording whose states to follow; else at rest.")] = None,
    actions: Annotated[
        Path | None, typer.Option(help="A recording whose actions to hold; without --states no state is said.")
    ] = None,
    free: Annotated[
        bool, typer.Option("--free", help="Say neither state nor actions: the world goes on alone.")
    ] = False,
    start: Annotated[str | None, typer.Option(help="Go on from this start clip of the world.")] = None,
    seed: Annotated[int, typer.Option(help="Of the noise.")] = 0,
    backend: BackendOption = "auto",
) -> None:
    """Generate a recording without a server, as fast as this machine can."""
    with clear_errors():
        from engine_service.generate import Wish, generate_recording  # noqa: PLC0415

        wish = Wish(prompt=prompt, states=states, actions=actions, free=free, start=start, profile=profile, seed=seed)
        generate_recording(wish, world=world, out=out, seconds=seconds, backend=backend)


def doctor() -> None:
    """What this machine has, what the engine would choose, and what is missing."""
    with clear_errors():
        from engine_service.doctor import examine  # noqa: PLC0415

        raise typer.Exit(examine())
