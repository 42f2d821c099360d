"""`streamdit-engine`: one command per stage of a world's life."""

import os

import typer

from engine_service.commands import making, measuring, serving

app = typer.Typer(no_args_is_help=True, add_completion=False, help=__doc__)

app.command("serve", rich_help_panel="Serve")(serving.serve)
app.command("generate", rich_help_panel="Serve")(serving.generate)
app.command("doctor", rich_help_panel="Serve")(serving.doctor)
app.command("train-autoencoder", rich_help_panel="Make a world")(making.train_autoencoder)
app.command("train", rich_help_panel="Make a world")(making.train)
app.command("distill", rich_help_panel="Make a world")(making.distill)
app.command("ablate-mixes", rich_help_panel="Make a world")(making.ablate_mixes)
app.command("teach-judges", rich_help_panel="Make a world")(making.teach_judges)
app.command("make-word-table", rich_help_panel="Make a world")(making.make_table)
app.command("compile", rich_help_panel="Make a world")(making.compile_world)
app.command("evaluate", rich_help_panel="Measure")(measuring.evaluate_world)
app.command("evaluate-words", rich_help_panel="Measure")(measuring.evaluate_words)
app.command("measure-prompts", rich_help_panel="Measure")(measuring.measure_prompts)
app.command("measure-rungs", rich_help_panel="Measure")(measuring.measure_ladder)
app.command("simulate-pace", rich_help_panel="Measure")(measuring.simulate_pace)
app.command("scale", rich_help_panel="Measure")(measuring.scale)
app.command("bench", rich_help_panel="Measure")(measuring.bench_machine)


def main() -> None:
    """Entry point."""
    os.environ["MPLBACKEND"] = "agg"  # a notebook's may be none here, and matplotlib refuses it where it is imported
    app()


if __name__ == "__main__":
    main()
