"""`streamdit-engine`: one command per stage of a world's life."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from streamdit.errors import StreamDiTError

app = typer.Typer(no_args_is_help=True, add_completion=False, help=__doc__)

WorldOption = Annotated[str, typer.Option("--world", help="Embedded world by name, or a world folder by path.")]
BackendOption = Annotated[
    str, typer.Option("--backend", help="auto, tensorrt, tensorrt-rtx, torch (CUDA where there is one) or openvino.")
]
DeviceOption = Annotated[str, typer.Option(help="cpu, cuda, or auto: CUDA where there is one.")]


@app.command("serve")
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
    gpu_hz: Annotated[float, typer.Option(help="How often to ask NVML of the GPU; 0: never.")] = 4.0,
    token: Annotated[str | None, typer.Option(help="Ask clients for it.", envvar="STREAMDIT_TOKEN")] = None,
    tls_cert: Annotated[Path | None, typer.Option(help="PEM certificate; with --tls-key.")] = None,
    tls_key: Annotated[Path | None, typer.Option(help="PEM private key; with --tls-cert.")] = None,
) -> None:
    """Serve a world over gRPC until SIGINT or SIGTERM."""
    say = Console(stderr=True)
    with say.status(f"loading world {world} (the first start compiles it and takes longer)"), _clear_errors():
        from engine_service.config import EngineConfig, build_server  # noqa: PLC0415
        from engine_service.server.config import ServerConfig  # noqa: PLC0415
        from engine_service.stream.governor import GovernorConfig  # noqa: PLC0415

        server = build_server(
            EngineConfig(
                world=world,
                backend=backend,
                num_threads=threads,
                cache=cache,
                gpu_hz=gpu_hz,
                plans=plans,
                server=ServerConfig(
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
                ),
            ),
            say=lambda words: say.print(words, markup=False, highlight=False),
        )
    from engine_service.server.app import run  # noqa: PLC0415

    with _clear_errors():
        run(server)


@app.command("generate")
def generate(
    prompt: Annotated[str, typer.Option(help="What the world should be.")],
    out: Annotated[Path, typer.Option(help="Folder for the recording that is made.")],
    world: WorldOption = "critters",
    seconds: Annotated[float, typer.Option(help="How much media time.")] = 4.0,
    profile: Annotated[str | None, typer.Option(help="Default: the world's.")] = None,
    states: Annotated[Path | None, typer.Option(help="A recording whose states to follow; else at rest.")] = None,
    seed: Annotated[int, typer.Option(help="Of the noise.")] = 0,
    backend: BackendOption = "auto",
) -> None:
    """Generate a recording without a server, as fast as this machine can."""
    with _clear_errors():
        from engine_service.generate import generate_recording  # noqa: PLC0415

        generate_recording(
            world=world,
            prompt=prompt,
            out=out,
            seconds=seconds,
            profile=profile,
            states=states,
            seed=seed,
            backend=backend,
        )


@app.command("train-autoencoder")
def train_autoencoder(
    recordings: Annotated[Path, typer.Option(help="Folder of recordings.")],
    run: Annotated[Path, typer.Option(help="Folder for checkpoints, loss curve and sheets; resumes if it has some.")],
    world: WorldOption = "critters",
    steps: Annotated[int, typer.Option(help="Training steps in all.")] = 2000,
    batch_size: Annotated[int, typer.Option(help="Crops per step.")] = 16,
    seed: Annotated[int, typer.Option(help="One seed makes a run repeatable.")] = 0,
    device: DeviceOption = "auto",
) -> None:
    """Train the world's autoencoder on recordings."""
    from engine_service.runtime.world import find_world  # noqa: PLC0415
    from engine_service.training.autoencoder import AutoencoderTraining  # noqa: PLC0415
    from engine_service.training.commands import train_autoencoder_stage  # noqa: PLC0415

    options = AutoencoderTraining(num_steps=steps, batch_size=batch_size, seed=seed)
    with _clear_errors():
        train_autoencoder_stage(find_world(world), recordings, run, options, _device(device))


@app.command("train")
def train(
    recordings: Annotated[Path, typer.Option(help="Folder of recordings.")],
    run: Annotated[Path, typer.Option(help="Folder for checkpoints, loss curve and sheets; resumes if it has some.")],
    validation: Annotated[Path | None, typer.Option(help="Recordings kept out of training, for the curve.")] = None,
    world: WorldOption = "critters",
    steps: Annotated[int, typer.Option(help="Training steps in all.")] = 8000,
    latents_per_step: Annotated[int, typer.Option(help="Latents in one step's examples.")] = 40,
    learning_rate: Annotated[float, typer.Option(help="Peak learning rate.")] = 2e-3,
    decay: Annotated[float, typer.Option(help="Share of the run over which the learning rate falls to zero.")] = 0.5,
    optimizer: Annotated[str, typer.Option(help="muon or adamw.")] = "muon",
    from_world: Annotated[bool, typer.Option(help="Start a new run from the world's own weights.")] = False,
    bfloat16: Annotated[
        bool | None, typer.Option(help="Autocast to bfloat16. Default: where the device multiplies it natively.")
    ] = None,
    seed: Annotated[int, typer.Option(help="One seed makes a run repeatable.")] = 0,
    device: DeviceOption = "auto",
) -> None:
    """Train the world's transformer and text encoder on recordings; needs the autoencoder."""
    from engine_service.runtime.world import find_world  # noqa: PLC0415
    from engine_service.training.commands import gather, train_stage  # noqa: PLC0415
    from engine_service.training.denoiser import DenoiserTraining  # noqa: PLC0415
    from engine_service.training.precision import has_native_bfloat16  # noqa: PLC0415

    device = _device(device)
    options = DenoiserTraining(
        num_steps=steps,
        latents_per_step=latents_per_step,
        learning_rate=learning_rate,
        decay_fraction=decay,
        optimizer=optimizer,
        bfloat16=has_native_bfloat16(device) if bfloat16 is None else bfloat16,
        seed=seed,
    )
    with _clear_errors():
        material = gather(find_world(world), recordings, validation, run, device)
        train_stage(material, run, options, device, from_world=from_world)


@app.command("distill")
def distill(
    recordings: Annotated[Path, typer.Option(help="Folder of recordings.")],
    run: Annotated[Path, typer.Option(help="Folder for checkpoints and loss curve; resumes if it has some.")],
    validation: Annotated[Path | None, typer.Option(help="Recordings kept out of training, for the curve.")] = None,
    world: WorldOption = "critters",
    steps: Annotated[int, typer.Option(help="Training steps in all.")] = 1500,
    guidance: Annotated[float, typer.Option(help="How far the teacher exaggerates the prompt; 1: not at all.")] = 1.5,
    teacher_steps: Annotated[
        int, typer.Option(help="The teacher's micro-steps from noise to clean; at least two for each of the student's.")
    ] = 8,
    rank: Annotated[int, typer.Option(help="Of the student's difference from its teacher.")] = 32,
    seed: Annotated[int, typer.Option(help="One seed makes a run repeatable.")] = 0,
    device: DeviceOption = "auto",
) -> None:
    """Distil the world's denoiser: a student that does in one call what its teacher does in many guided ones."""
    from engine_service.runtime.world import find_world  # noqa: PLC0415
    from engine_service.training.commands import distill_stage, gather  # noqa: PLC0415
    from engine_service.training.distill import Distillation  # noqa: PLC0415
    from engine_service.training.precision import has_native_bfloat16  # noqa: PLC0415

    device = _device(device)
    options = Distillation(
        num_steps=steps,
        guidance=guidance,
        teacher_steps=teacher_steps,
        rank=rank,
        seed=seed,
        bfloat16=has_native_bfloat16(device),
    )
    with _clear_errors():
        distill_stage(gather(find_world(world), recordings, validation, run, device), run, options, device)


@app.command("ablate-mixes")
def ablate_mixes(
    recordings: Annotated[Path, typer.Option(help="Folder of recordings.")],
    validation: Annotated[Path, typer.Option(help="Recordings kept out of training, to ask on.")],
    run: Annotated[Path, typer.Option(help="Folder for a run per mix and the plot; resumes if it has some.")],
    world: WorldOption = "critters",
    steps: Annotated[int, typer.Option(help="Training steps of each mix.")] = 400,
    seed: Annotated[int, typer.Option(help="The same first weights and draws for every mix.")] = 0,
    device: DeviceOption = "auto",
) -> None:
    """Train the world from nothing once per mix of chunk sizes, briefly, and print what each has learnt."""
    from engine_service.runtime.world import find_world  # noqa: PLC0415
    from engine_service.training.ablation import ablated_mixes, as_markdown  # noqa: PLC0415
    from engine_service.training.commands import ablation_stage, gather  # noqa: PLC0415
    from engine_service.training.denoiser import DenoiserTraining  # noqa: PLC0415
    from engine_service.training.mix import training_mix  # noqa: PLC0415
    from engine_service.training.precision import has_native_bfloat16  # noqa: PLC0415

    device = _device(device)
    options = DenoiserTraining(
        num_steps=steps, save_every=steps, latents_per_step=48, bfloat16=has_native_bfloat16(device), seed=seed
    )
    with _clear_errors():
        material = gather(find_world(world), recordings, validation, run, device)
        mixes = ablated_mixes(training_mix(list(material.folder.world.profiles.values())))
        errors = ablation_stage(material, mixes, run, options, device)
        typer.echo(as_markdown(errors, steps))


@app.command("teach-judges")
def teach_judges(
    recordings: Annotated[Path, typer.Option(help="Folder of the game's own recordings.")],
    world: WorldOption = "critters",
    count: Annotated[int, typer.Option(help="How many of the recordings, spread evenly.")] = 1200,
    judge_steps: Annotated[int, typer.Option(help="Of the network that names what is in a picture.")] = 1500,
    key_steps: Annotated[int, typer.Option(help="Of the network that tells which key was held.")] = 800,
    seed: Annotated[int, typer.Option(help="One seed makes them repeatable.")] = 0,
) -> None:
    """Teach the networks that judge the world's frames; they never take part in training it."""
    with _clear_errors():
        from engine_service.evaluation import judges  # noqa: PLC0415
        from engine_service.runtime.world import find_world, load_world  # noqa: PLC0415
        from engine_service.training.frames import check_fits, find_recordings, spread  # noqa: PLC0415

        folder = load_world(find_world(world))
        chosen = spread(find_recordings(recordings), count)
        check_fits(chosen, folder.world)
        taught = judges.teach_judges(folder, chosen, judge_steps=judge_steps, key_steps=key_steps, seed=seed)
        judges.save_judges(taught, folder)
        typer.echo(f"wrote {folder.path / judges.JUDGES_FILE}")


@app.command("evaluate")
def evaluate_world(
    report: Annotated[Path, typer.Option(help="Where the JSON goes; a contact sheet and a plot go beside it.")],
    world: WorldOption = "critters",
    quick: Annotated[bool, typer.Option("--quick", help="Ten minutes on two cores instead of an hour or two.")] = False,
    out: Annotated[Path | None, typer.Option(help="A page to write the tables into, between its marks.")] = None,
    exams: Annotated[Path | None, typer.Option(help="Where recordings to play are kept; default: a cache.")] = None,
    only: Annotated[
        list[str] | None, typer.Option(help="A row to play, or `scenes`; may be repeated. Default: all.")
    ] = None,
    times_again: Annotated[
        bool, typer.Option("--times-again", help="Of finished rows, measure fps and visible latency again.")
    ] = False,
    guidance: Annotated[float, typer.Option(help="The teacher's.")] = 1.5,
    backend: BackendOption = "auto",
    threads: Annotated[int, typer.Option(help="Cores to compute on; 0 is all of them.")] = 0,
    seed: Annotated[int, typer.Option(help="Of the noise.")] = 0,
) -> None:
    """Compare the world's samplers: baselines, teacher, students, and the game's own renderer as the ceiling.

    Finished rows are kept beside the report, so that an evaluation that was stopped goes on with the next one.
    """
    with _clear_errors():
        from engine_service.evaluation.evaluate import EvaluationConfig, evaluate, note  # noqa: PLC0415
        from engine_service.evaluation.exam import QUICK, ExamSize, default_exams  # noqa: PLC0415
        from engine_service.evaluation.show import as_markdown, print_table, scenes_markdown  # noqa: PLC0415
        from engine_service.page import write_between_marks  # noqa: PLC0415
        from engine_service.runtime.world import find_world, load_world  # noqa: PLC0415

        folder, size = find_world(world), QUICK if quick else ExamSize()
        config = EvaluationConfig(
            size=size,
            guidance=guidance,
            backend=backend,
            num_threads=threads,
            seed=seed,
            only=tuple(only or ()),
            times_again=times_again,
        )
        made = evaluate(folder, config, exams=exams or default_exams(load_world(folder)), report=report)
        if out is not None:
            text = as_markdown(made.rows, note(size))
            if made.scenes is not None:
                text += "\n\n" + scenes_markdown(made.scenes, load_world(folder).world.fps)
            write_between_marks(out, "evaluation", text)
        print_table(made.rows)


@app.command("scale")
def scale(
    world: WorldOption = "critters",
    windows: Annotated[str | None, typer.Option(help="Also time attention windows here, on this preset.")] = None,
    plot: Annotated[Path | None, typer.Option(help="With --windows: a picture of operations against time.")] = None,
    out: Annotated[Path | None, typer.Option(help="A page to write the tables into, between its marks.")] = None,
) -> None:
    """What models of every size cost: parameters, tokens, operations, memory."""
    with _clear_errors():
        from engine_service import sizes  # noqa: PLC0415
        from engine_service.model.presets import PRESETS  # noqa: PLC0415
        from engine_service.page import write_between_marks  # noqa: PLC0415
        from engine_service.runtime.world import find_world, load_world  # noqa: PLC0415

        served = load_world(find_world(world)).world
        tables = [sizes.preset_table(served)]
        if windows is not None:
            if windows not in PRESETS:
                raise ValueError(f"windows is {windows!r}, expected one of {', '.join(PRESETS)}")
            config = PRESETS[windows].dit(served.state_fields if windows == "critters" else ())
            costs = sizes.measure_windows(config, sizes.PAPER.num_latents, PRESETS[windows].text_words)
            tables.append(sizes.window_table(costs))
            if plot is not None:
                sizes.plot_windows(costs, plot)
        text = "\n\n".join(tables)
        if out is not None:
            write_between_marks(out, "scale", text)
        typer.echo(text)


@app.command("bench")
def bench_machine(
    out: Annotated[Path | None, typer.Option(help="A page to write the tables into, between its marks.")] = None,
    world: WorldOption = "critters",
    seconds: Annotated[float, typer.Option(help="Per scenario.")] = 60.0,
    gpu: Annotated[bool, typer.Option("--gpu", help="Measure the GPU instead, in ten minutes at most.")] = False,
    preset: Annotated[str, typer.Option(help="With --gpu: the size of model, with random weights.")] = "streamdit-4b",
    device: Annotated[
        str | None, typer.Option(help="cuda, or cpu: try what --gpu does without one; streamdit-tiny is small enough.")
    ] = None,
    serve_seconds: Annotated[
        float | None, typer.Option(help="With --gpu: how long players play, 0 not at all; 300, or 60 with --quick.")
    ] = None,
    quick: Annotated[bool, typer.Option("--quick", help="With --gpu: fewer calls.")] = False,
) -> None:
    """Measure steps, starts, pace and latencies on this machine; with --gpu what its GPU can do."""
    with _clear_errors():
        from engine_service.page import write_between_marks  # noqa: PLC0415

        if gpu or device is not None:
            from engine_service.benchmarks import gpu as of_gpu  # noqa: PLC0415

            options = of_gpu.GpuBenchOptions(
                preset=of_gpu.preset_named(preset),
                preset_name=preset,
                device=device or "cuda",
                world=world,
                quick=quick,
                serve_s=serve_seconds if serve_seconds is not None else 60.0 if quick else 300.0,
            )
            if out is not None:
                of_gpu.check_page(out)
            for report in of_gpu.measure_gpu(options):
                if out is not None:  # after every part: what is killed keeps what it has
                    of_gpu.write_report(report, out)
            typer.echo(of_gpu.as_markdown(report))
            return
        from engine_service.benchmarks.this_machine import BenchOptions, bench  # noqa: PLC0415

        tables = bench(BenchOptions(world=world, seconds=seconds))
        if out is not None:
            write_between_marks(out, "bench", tables)
        typer.echo(tables)


@app.command("simulate-pace")
def simulate_pace(
    out: Annotated[Path | None, typer.Option(help="A page to write the table into, between its marks.")] = None,
    plot: Annotated[Path | None, typer.Option(help="Where the picture goes.")] = None,
    world: WorldOption = "critters",
    profile: Annotated[str, typer.Option(help="Whose ladder.")] = "balanced",
    seed: Annotated[int, typer.Option(help="Of the traces' noise.")] = 0,
) -> None:
    """Play traces of step times through the real pacer and governor, without a clock; ends within seconds."""
    with _clear_errors():
        from engine_service.model.ladder import ladder  # noqa: PLC0415
        from engine_service.pacing import show  # noqa: PLC0415
        from engine_service.pacing.simulate import compare  # noqa: PLC0415
        from engine_service.page import write_between_marks  # noqa: PLC0415
        from engine_service.runtime.world import find_world, load_world  # noqa: PLC0415

        served = load_world(find_world(world)).world
        if profile not in served.profiles:
            raise ValueError(f"profile is {profile!r}, expected one of {', '.join(served.profiles)}")
        num_frames, period_us = served.frames_per_shift(profile), served.frame_period_us
        rungs = ladder(served.profiles[profile])
        pairs = compare(rungs, num_frames=num_frames, frame_period_us=period_us, seed=seed)
        budget_ms = num_frames * period_us / 1e3
        text = show.as_markdown(pairs, rungs, budget_ms)
        if out is not None:
            write_between_marks(out, "pacing", text)
        if plot is not None:
            show.plot(pairs, len(rungs), budget_ms, plot)
        typer.echo(text)


@app.command("compile")
def compile_world(
    world: Annotated[str | None, typer.Option(help="Embedded world by name, or a world folder by path.")] = None,
    preset: Annotated[str | None, typer.Option(help="Instead of a world: a preset with random weights.")] = None,
    backend: Annotated[str, typer.Option(help="tensorrt, on the card itself, or tensorrt-rtx, anywhere.")] = "tensorrt",
    precision: Annotated[str, typer.Option(help="fp32, fp16, bf16 or fp8.")] = "fp16",
    targets: Annotated[str, typer.Option(help="sm89,sm120: cards that tensorrt-rtx compiles for.")] = "",
    batch: Annotated[str, typer.Option(help="1,2,4: sessions denoised in one call; a plan for each.")] = "1",
    out: Annotated[Path | None, typer.Option(help="Folder for plans; default: the user's cache.")] = None,
    optimization_level: Annotated[int, typer.Option(help="0 is built soonest, 5 runs fastest.")] = 3,
    check: Annotated[bool, typer.Option("--check", help="Also measure what the precision costs, on the CPU.")] = False,
) -> None:
    """Compile a world's graphs into TensorRT plans; those that are there already are kept."""
    with _clear_errors():
        from engine_service import compile as compiling  # noqa: PLC0415

        options = compiling.CompileOptions(
            world=world,
            preset=preset,
            backend=backend,
            precision=precision,
            targets=compiling.words_of(targets),
            batches=compiling.numbers_of("batch", batch),
            out=out,
            optimization_level=optimization_level,
        )
        say = Console()
        say.print(compiling.as_table(compiling.compile_plans(options, say)))
        if check:
            say.print(compiling.check(options))


@app.command("measure-rungs")
def measure_ladder(
    out: Annotated[Path | None, typer.Option(help="A page to write the table into, between its marks.")] = None,
    world: WorldOption = "critters",
    recordings: Annotated[int, typer.Option(help="How many to play on every rung.")] = 16,
    exams: Annotated[Path | None, typer.Option(help="Where recordings to play are kept; default: a cache.")] = None,
    backend: Annotated[str, typer.Option(help="auto, openvino or torch.")] = "auto",
    times: Annotated[bool, typer.Option("--times", help="Also milliseconds a frame; on an idle machine.")] = False,
    seed: Annotated[int, typer.Option(help="Of the noise.")] = 0,
) -> None:
    """What every rung of the quality ladder costs in quality and in time."""
    with _clear_errors():
        from engine_service.evaluation.exam import default_exams  # noqa: PLC0415
        from engine_service.evaluation.rungs import as_markdown, measure_rungs  # noqa: PLC0415
        from engine_service.page import write_between_marks  # noqa: PLC0415
        from engine_service.runtime.world import find_world, load_world  # noqa: PLC0415

        say = Console(stderr=True)
        folder = find_world(world)
        results = measure_rungs(
            folder,
            num_recordings=recordings,
            exams=exams or default_exams(load_world(folder)),
            backend=backend,
            seed=seed,
            tick=say.print,
        )
        text = as_markdown(results, recordings, backend, times=times)
        if out is not None:
            write_between_marks(out, "rungs", text)
        typer.echo(text)


@app.command("doctor")
def doctor() -> None:
    """What this machine has, what the engine would choose, and what is missing."""
    with _clear_errors():
        from engine_service.doctor import examine  # noqa: PLC0415

        raise typer.Exit(examine())


@contextmanager
def _clear_errors() -> Iterator[None]:
    """What the user can mend is one red line and exit status 2; what only we can mend keeps its traceback."""
    try:
        yield
    except (ValueError, OSError, StreamDiTError) as error:
        Console(stderr=True).print(f"error: {error}", style="red", markup=False, highlight=False)
        raise typer.Exit(2) from error


def _device(choice: str) -> str:
    import torch  # noqa: PLC0415

    if choice != "auto":
        return choice
    return "cuda" if torch.cuda.is_available() else "cpu"


def main() -> None:
    """Entry point."""
    app()


if __name__ == "__main__":
    main()
