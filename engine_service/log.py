"""The engine's log on stderr: lines for people, or one JSON object a line for machines."""

import json
import logging
import sys
import time

LEVELS = ("debug", "info", "warning", "error")
_STANDARD = frozenset(vars(logging.makeLogRecord({}))) | {"message", "asctime", "taskName"}


class JsonFormatter(logging.Formatter):
    """One object a line: time, level, logger, message, and whatever the caller named in `extra`."""

    def format(self, record: logging.LogRecord) -> str:
        """The record as JSON, without line breaks."""
        moment = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(record.created))
        fields = {
            "time": f"{moment}.{int(record.msecs):03d}Z",
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": record.getMessage(),
            **{name: value for name, value in vars(record).items() if name not in _STANDARD},
        }
        if record.exc_info:
            fields["traceback"] = self.formatException(record.exc_info)
        return json.dumps(fields, default=str)


def configure(level: str, *, as_json: bool = False) -> None:
    """Send what this process logs to stderr, from `level` on.

    Raises:
        ValueError: there is no such level.
    """
    if level not in LEVELS:
        raise ValueError(f"log level is {level!r}, expected one of {', '.join(LEVELS)}")
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(JsonFormatter() if as_json else logging.Formatter("%(asctime)s %(levelname)s %(message)s"))
    logging.basicConfig(level=level.upper(), handlers=[handler], force=True)
    if level != "debug":  # these tell of every file and every call
        for noisy in ("asyncio", "matplotlib", "PIL", "grpc"):
            logging.getLogger(noisy).setLevel(logging.WARNING)


def printable(text: str, most: int = 200) -> str:
    """A client's text as it may stand in a line: cut, and without what would begin another line."""
    cut = text if len(text) <= most else text[:most] + "..."
    return "".join(each if each.isprintable() else repr(each)[1:-1] for each in cut)
