"""A world is a folder: `world.toml`, its words (`vocabulary.txt`, or a table it names) and two files of weights."""

import difflib
import tomllib
from collections.abc import Mapping
from dataclasses import MISSING, dataclass, fields
from pathlib import Path
from types import UnionType
from typing import Any, TypeVar

from engine_service.model.autoencoder import SPATIAL
from engine_service.model.partition import Partition
from engine_service.model.presets import PRESETS, Preset
from engine_service.model.world import StateField, World
from streamdit.types import ActionInfo, ActionKind, Steering

EMBEDDED = Path(__file__).resolve().parent.parent / "worlds"
DENOISER_FILE = "denoiser.safetensors"
STUDENT_FILE = "student.safetensors"  # what the distilled student adds to the denoiser; may be missing
AUTOENCODER_FILE = "autoencoder.safetensors"
VOCABULARY_FILE = "vocabulary.txt"
KNOWN_PROMPTS_FILE = "known_prompts.json"  # what the world was taught to show; may be missing
TEXT_KINDS = ("vocabulary", "wordpieces")
KEYS = [
    *("name", "description", "fps", "width", "height", "preset", "default_profile", "example_prompts"),
    *("may_be_open", "takes_source_frames", "start_steps", "state_fields", "actions", "profiles", "start"),
    *("evaluation", "text"),
]

T = TypeVar("T")


class WorldError(ValueError):
    """A world folder that cannot be used; the message names the file and the field."""


@dataclass(frozen=True, slots=True)
class EvaluationNotes:
    """What evaluation must know of a world's recordings: `[evaluation]` in `world.toml`."""

    labels: tuple[str, ...] = ()  # what recordings say of their pictures; the first is what the prompt is about
    position: tuple[str, ...] = ()  # the two state fields that are a place in the picture, px
    travel: tuple[str, ...] = ()  # state fields whose changes add up to what a direction key moves
    longest_travel: float = 0.0  # per frame; more is a jump to another place, not a key
    recorder: str = ""  # the module that records the game
    recorder_options: tuple[str, ...] = ()  # said to it besides what is asked for, as on a command line
    recorder_path: str = ""  # where it is imported from, as seen from the project's root


@dataclass(frozen=True, slots=True)
class TextNotes:
    """How prompts are read: `[text]` in `world.toml`; without it by the words of `vocabulary.txt`."""

    kind: str = "vocabulary"
    table: str = ""  # wordpieces: a file of word vectors, in the world's folder or beside the embedded worlds

    def __post_init__(self) -> None:
        if self.kind not in TEXT_KINDS:
            raise ValueError(f"text.kind is {self.kind!r}, expected one of {', '.join(TEXT_KINDS)}")
        if (self.kind == "wordpieces") != bool(self.table):
            raise ValueError(f"text.table is {self.table!r}: kind wordpieces needs a table, no other kind has one")


@dataclass(frozen=True, slots=True)
class WorldFolder:
    """Where a world lies, what it promises, the size of its model and how it reads prompts."""

    path: Path
    world: World
    preset: Preset
    evaluation: EvaluationNotes
    text: TextNotes = TextNotes()

    @property
    def table_file(self) -> Path:
        """Where the word vectors are: in the world's folder, else among the embedded worlds, which share theirs."""
        own = self.path / self.text.table
        return own if own.exists() else EMBEDDED / self.text.table


def find_world(name_or_path: str) -> Path:
    """An embedded world by its name, or any folder by its path.

    Raises:
        WorldError: neither exists.
    """
    for candidate in (EMBEDDED / name_or_path, Path(name_or_path)):
        if (candidate / "world.toml").is_file():
            return candidate
    embedded = ", ".join(sorted(path.parent.name for path in EMBEDDED.glob("*/world.toml")))
    raise WorldError(f"world {name_or_path!r}: no such folder with a world.toml; embedded worlds are {embedded}")


def load_world(folder: Path) -> WorldFolder:
    """Read `world.toml` and `vocabulary.txt`; weights are left alone.

    Raises:
        WorldError: a file cannot be read or a field is missing or wrong.
    """
    file = folder / "world.toml"
    try:
        table = tomllib.loads(file.read_text(encoding="utf-8-sig"))  # some editors begin a file with a mark
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise WorldError(f"{file}: {error}") from error
    try:
        return _parse(folder, table)
    except KeyError as error:
        raise WorldError(f"{file}: field {error} is missing") from error
    except (TypeError, ValueError) as error:
        raise WorldError(f"{file}: {error}") from error


def _parse(folder: Path, table: Mapping[str, Any]) -> WorldFolder:
    _check_keys(table, KEYS, "the file")
    preset_name = _value(table, "preset", str)
    if preset_name not in PRESETS:
        raise ValueError(f"preset is {preset_name!r}, expected one of {', '.join(PRESETS)}")
    preset = PRESETS[preset_name]
    for name, latents in (("width", preset.latent_width), ("height", preset.latent_height)):
        if _value(table, name, int) != SPATIAL * latents:
            raise ValueError(f"{name} is {table[name]}, preset {preset_name} decodes to {SPATIAL * latents}")
    profiles = _value(table, "profiles", dict)
    whole = {"state_fields": [], "actions": [], "may_be_open": [], "start": {}, "evaluation": {}, "text": {}, **table}
    world = World(
        name=_value(table, "name", str),
        description=_value(table, "description", str),
        fps=float(_value(table, "fps", int | float)),
        width=table["width"],
        height=table["height"],
        frames_per_latent=preset.frames_per_latent,
        state_fields=tuple(_state_field(field) for field in _value(table, "state_fields", list)),
        profiles={name: _filled(Partition, numbers, f"[profiles.{name}]") for name, numbers in profiles.items()},
        default_profile=_value(table, "default_profile", str),
        example_prompts=_texts(table, "example_prompts"),
        vocabulary=_vocabulary(folder),
        takes_source_frames=_choice(table, "takes_source_frames", default=True),
        actions=tuple(_action(action) for action in _value(whole, "actions", list)),
        may_be_open=frozenset(_steering(name) for name in _value(whole, "may_be_open", list)),
        start_steps=_value({"start_steps": 0, **table}, "start_steps", int),
        start_clips={name: str(folder / file) for name, file in _value(whole, "start", dict).items()},
    )
    return WorldFolder(
        path=folder,
        world=world,
        preset=preset,
        evaluation=_evaluation(_value(whole, "evaluation", dict), world),
        text=_filled(TextNotes, whole["text"], "[text]"),
    )


def _evaluation(given: Mapping[str, Any], world: World) -> EvaluationNotes:
    """`[evaluation]`, whose state fields must exist."""
    values = {name: tuple(v) if isinstance(v, list) else v for name, v in given.items()}
    notes = _filled(EvaluationNotes, values, "[evaluation]")
    known = [field.name for field in world.state_fields]
    for name in (*notes.position, *notes.travel):
        if name not in known:
            raise ValueError(f"evaluation names the state field {name!r}, the world has {', '.join(known)}")
    return notes


def _state_field(table: object) -> StateField:
    """One `[[state_fields]]`; `pixels` may be one number or a list of them."""
    values = _mapping(table, "[[state_fields]]")
    pixels = values.get("pixels", 1.0)
    several = tuple(pixels) if isinstance(pixels, list) else (pixels,)
    return _filled(StateField, {**values, "pixels": several}, f"[[state_fields]] {values.get('name', '')}")


def _action(given: object) -> ActionInfo:
    """One `[[actions]]`."""
    table = _mapping(given, "[[actions]]")
    kind = table.get("kind", "button")
    kinds = {kind.name.lower(): kind for kind in ActionKind}
    if kind not in kinds:
        raise ValueError(f"action {table.get('name', '')}: kind is {kind!r}, expected one of {', '.join(kinds)}")
    return _filled(ActionInfo, {**table, "kind": kinds[kind]}, f"[[actions]] {table.get('name', '')}")


def _steering(name: object) -> Steering:
    """One entry of `may_be_open`."""
    known = {steering.name.lower(): steering for steering in Steering}
    if not isinstance(name, str) or name not in known:
        raise ValueError(f"may_be_open holds {name!r}, expected {', '.join(known)}")
    return known[name]


def _filled(kind: type[T], given: object, where: str) -> T:
    """A dataclass from a table of the file, whose keys are its fields."""
    values = _mapping(given, where)
    known = [field.name for field in fields(kind)]  # type: ignore[arg-type]
    _check_keys(values, known, where)
    for field in fields(kind):  # type: ignore[arg-type]
        if field.default is MISSING and field.default_factory is MISSING and field.name not in values:
            raise ValueError(f"{where}: field {field.name!r} is missing")
    try:
        return kind(**values)
    except TypeError as error:  # a value of the wrong kind, which its own checks could not compare
        raise ValueError(f"{where}: a value of the wrong kind in {dict(values)}: {error}") from error


def _mapping(given: object, where: str) -> Mapping[str, Any]:
    if not isinstance(given, Mapping):
        raise ValueError(f"{where} is {given!r}, expected a table of keys and values")
    return given


def _check_keys(table: Mapping[str, Any], known: list[str], where: str) -> None:
    """A misspelt key would pass for one that is left out."""
    for key in table:
        if key not in known:
            near = difflib.get_close_matches(key, known, n=1)
            meant = f"; did you mean {near[0]!r}?" if near else ""
            raise ValueError(f"{where.strip()} has the key {key!r}, expected {', '.join(known)}{meant}")


def _texts(table: Mapping[str, Any], name: str) -> tuple[str, ...]:
    """A list of texts."""
    values = _value(table, name, list)
    for value in values:
        if not isinstance(value, str):
            raise ValueError(f"{name} holds {value!r}, expected text")
    return tuple(values)


def _choice(table: Mapping[str, Any], name: str, *, default: bool) -> bool:
    """A field that is true, false or left out."""
    value = table.get(name, default)
    if not isinstance(value, bool):
        raise ValueError(f"{name} is {value!r}, expected true or false")
    return value


def _value(table: Mapping[str, Any], name: str, kind: type | UnionType) -> Any:
    """A field of the table, of the kind it must be."""
    value = table[name]
    if not isinstance(value, kind) or isinstance(value, bool):
        wanted = getattr(kind, "__name__", str(kind))
        raise ValueError(f"{name} is {value!r}, expected {wanted}")
    return value


def _vocabulary(folder: Path) -> tuple[str, ...]:
    """The words the text encoder was trained on, one a line; none before training."""
    file = folder / VOCABULARY_FILE
    return tuple(file.read_text(encoding="utf-8-sig").split()) if file.exists() else ()
