"""Commands that measure: pictures, the pace, this machine, its GPU. Tables go into a page, between its marks."""

from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from engine_service.commands.options import BackendOption, ExamsOption, PageOption, WorldOption, clear_errors


def evaluate_world(
    report: Annotated[Path, typer.Option(help="Where the JSON goes; a contact sheet and a plot go beside it.")],
    world: WorldOption = "critters",
    quick: Annotated[bool, typer.Option("--quick", help="Ten minutes on two cores instead of forty.")] = False,
    out: PageOption = None,
    exams: ExamsOption = None,
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
    with clear_errors():
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


def measure_ladder(
    out: PageOption = None,
    world: WorldOption = "critters",
    recordings: Annotated[int, typer.Option(help="How many to play on every rung.")] = 16,
    exams: ExamsOption = None,
    backend: Annotated[str, typer.Option(help="auto, openvino or torch.")] = "auto",
    times: Annotated[bool, typer.Option("--times", help="Also milliseconds a frame; on an idle machine.")] = False,
    seed: Annotated[int, typer.Option(help="Of the noise.")] = 0,
) -> None:
    """What every rung of the quality ladder costs in quality and in time."""
    with clear_errors():
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


def simulate_pace(
    out: PageOption = None,
    plot: Annotated[Path | None, typer.Option(help="Where the picture goes.")] = None,
    world: WorldOption = "critters",
    profile: Annotated[str, typer.Option(help="Whose ladder.")] = "balanced",
    seed: Annotated[int, typer.Option(help="Of the traces' noise.")] = 0,
) -> None:
    """Play traces of step times through the real pacer and governor, without a clock; ends within seconds."""
    with clear_errors():
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


def scale(
    world: WorldOption = "critters",
    windows: Annotated[str | None, typer.Option(help="Also time attention windows here, on this preset.")] = None,
    plot: Annotated[Path | None, typer.Option(help="With --windows: a picture of operations against time.")] = None,
    out: PageOption = None,
) -> None:
    """What models of every size cost: parameters, tokens, operations, memory."""
    with clear_errors():
        from engine_service import sizes  # noqa: PLC0415
        from engine_service.model.partition import PAPER  # noqa: PLC0415
        from engine_service.model.presets import PRESETS  # noqa: PLC0415
        from engine_service.page import write_between_marks  # noqa: PLC0415
        from engine_service.runtime.world import find_world, load_world  # noqa: PLC0415

        served = load_world(find_world(world)).world
        tables = [sizes.preset_table(served)]
        if windows is not None:
            if windows not in PRESETS:
                raise ValueError(f"windows is {windows!r}, expected one of {', '.join(PRESETS)}")
            config = PRESETS[windows].dit(served.state_fields if windows == "critters" else ())
            costs = sizes.measure_windows(config, PAPER.num_latents, PRESETS[windows].text_words)
            tables.append(sizes.window_table(costs))
            if plot is not None:
                sizes.plot_windows(costs, plot)
        text = "\n\n".join(tables)
        if out is not None:
            write_between_marks(out, "scale", text)
        typer.echo(text)


def bench_machine(
    out: PageOption = None,
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
    only: Annotated[str, typer.Option(help="With --gpu: some parts, e.g. micro-steps,serving; default: all.")] = "",
) -> None:
    """Measure steps, starts, pace and latencies on this machine; with --gpu what its GPU can do."""
    with clear_errors():
        from engine_service.page import write_between_marks  # noqa: PLC0415

        if gpu or device is not None:
            from engine_service.benchmarks import gpu as of_gpu  # noqa: PLC0415

            options = of_gpu.GpuBenchOptions(
                preset=of_gpu.preset_named(preset),
                preset_name=preset,
                device=device or "cuda",
                world=world,
                quick=quick,
                only=tuple(name.strip() for name in only.split(",") if name.strip()),
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


def evaluate_words(
    recordings: Annotated[Path, typer.Option(help="Of the world's game, whose captions say what they name.")],
    sentences: Annotated[Path, typer.Option(help="TOML: [[sentences]] with text and names, in a player's own words.")],
    world: WorldOption = "critters",
    out: PageOption = None,
) -> None:
    """How well a world's word vectors read sentences in words that no caption uses; no weights are needed."""
    with clear_errors():
        from engine_service.evaluation import own_words  # noqa: PLC0415
        from engine_service.page import write_between_marks  # noqa: PLC0415
        from engine_service.runtime.world import find_world, load_world  # noqa: PLC0415

        folder = load_world(find_world(world))
        labels = folder.evaluation.labels
        asked = own_words.read_sentences(sentences, labels)
        text = own_words.as_markdown(own_words.ask(folder, asked, own_words.read_captions(recordings, labels)))
        if out is not None:
            write_between_marks(out, "own-words", text)
        typer.echo(text)


def measure_prompts(world: WorldOption = "critters", out: PageOption = None) -> None:
    """How long a new prompt takes to be read, in a world that reads any words; no weights are needed."""
    with clear_errors():
        from engine_service.benchmarks import prompts  # noqa: PLC0415
        from engine_service.page import check_marks, write_between_marks  # noqa: PLC0415
        from engine_service.runtime.world import find_world, load_world  # noqa: PLC0415

        if out is not None:
            check_marks(out, "prompts")
        text = prompts.measure_prompts(load_world(find_world(world)))
        if out is not None:
            write_between_marks(out, "prompts", text)
        typer.echo(text)
