"""`streamdit-engine`: one command per stage of a world's life."""

from pathlib import Path
from typing import Annotated

import typer

app = typer.Typer(no_args_is_help=True, add_completion=False, help=__doc__)

WorldOption = Annotated[
    str, typer.Option("--world", help="Embedded world by name, or a world folder by path.")
]
DeviceOption = Annotated[str, typer.Option(help="cpu, cuda, or auto: CUDA where there is one.")]


@app.command("train-autoencoder")
def train_autoencoder(
    recordings: Annotated[Path, typer.Option(help="Folder of recordings.")],
    run: Annotated[
        Path, typer.Option(help="Folder for checkpoints, loss curve and sheets; resumes if it has some.")
    ],
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
    train_autoencoder_stage(find_world(world), recordings, run, options, _device(device))


@app.command("train")
def train(
    recordings: Annotated[Path, typer.Option(help="Folder of recordings.")],
    run: Annotated[
        Path, typer.Option(help="Folder for checkpoints, loss curve and sheets; resumes if it has some.")
    ],
    validation: Annotated[
        Path | None, typer.Option(help="Recordings kept out of training, for the curve.")
    ] = None,
    world: WorldOption = "critters",
    steps: Annotated[int, typer.Option(help="Training steps in all.")] = 6000,
    latents_per_step: Annotated[int, typer.Option(help="Latents in one step's examples.")] = 48,
    learning_rate: Annotated[float, typer.Option(help="Peak learning rate.")] = 2e-3,
    optimizer: Annotated[str, typer.Option(help="muon or adamw.")] = "adamw",
    bfloat16: Annotated[bool, typer.Option(help="Autocast to bfloat16; worth it on a GPU.")] = False,
    seed: Annotated[int, typer.Option(help="One seed makes a run repeatable.")] = 0,
    device: DeviceOption = "auto",
) -> None:
    """Train the world's transformer and text encoder on recordings; needs the autoencoder."""
    from engine_service.runtime.world import find_world  # noqa: PLC0415
    from engine_service.training.commands import train_stage  # noqa: PLC0415
    from engine_service.training.denoiser import DenoiserTraining  # noqa: PLC0415

    options = DenoiserTraining(
        num_steps=steps,
        latents_per_step=latents_per_step,
        learning_rate=learning_rate,
        optimizer=optimizer,
        bfloat16=bfloat16,
        seed=seed,
    )
    train_stage(find_world(world), recordings, validation, run, options, _device(device))


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
