"""Where the installed commands begin: what an extra brings may be missing, and then a sentence says which extra."""

import importlib
import sys


def engine() -> None:
    """`streamdit-engine`."""
    _run("engine_service.__main__", "streamdit-engine", "engine")


def bots() -> None:
    """`streamdit-bots`."""
    _run("streamdit.bots.__main__", "streamdit-bots", "bots")


def _run(module: str, command: str, extra: str) -> None:
    try:
        main = importlib.import_module(module).main
    except ModuleNotFoundError as error:
        missing = (error.name or "").partition(".")[0]
        if missing in ("streamdit", "engine_service") and error.name != "engine_service":
            raise  # a fault of ours
        sys.exit(f"error: {command} needs {missing}, which is not installed: pip install 'streamdit[{extra}]'")
    main()
