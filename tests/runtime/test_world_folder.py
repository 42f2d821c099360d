"""A world is a folder; what is wrong with it is said by file and field."""

import re
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file

from engine_service.model.autoencoder import SPATIAL, Decoder
from engine_service.model.partition import Partition
from engine_service.model.word_table import WordTable
from engine_service.runtime.load import load_runtime
from engine_service.runtime.text import save_word_table
from engine_service.runtime.weights import load_weights, save_weights
from engine_service.runtime.world import EMBEDDED, WorldError, find_world, load_world
from tests.fakes import AUTOENCODER, stir

TOML = """\
name = "meadow"
description = "Grass."
fps = 16
width = 128
height = 128
preset = "critters"
default_profile = "responsive"
example_prompts = ["grass"]

[[state_fields]]
name = "x"
min = 0
max = 128

[profiles.responsive]
references = 2
chunks = 2
chunk_size = 1
steps_per_shift = 1
"""


def write(folder: Path, toml: str = TOML, vocabulary: str | None = "a\ngrass\n") -> Path:
    (folder / "world.toml").write_text(toml)
    if vocabulary is not None:
        (folder / "vocabulary.txt").write_text(vocabulary)
    return folder


def refusal(folder: Path) -> str:
    with pytest.raises(WorldError) as refused:
        load_world(folder)
    return str(refused.value)


def decoder(seed: int = 0) -> Decoder:
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        module = Decoder(AUTOENCODER)
    stir(module, seed)
    return module.requires_grad_(False)


def test_a_whole_folder_is_a_world(tmp_path: Path) -> None:
    folder = load_world(write(tmp_path))
    world = folder.world
    assert (world.name, world.fps, world.width, world.height, world.frames_per_latent) == ("meadow", 16.0, 128, 128, 2)
    assert [field.name for field in world.state_fields] == ["x"]
    assert world.profiles == {"responsive": Partition(2, 2, 1, 1)}
    assert world.vocabulary == ("a", "grass")


def test_a_byte_order_mark_is_no_part_of_a_word_or_a_field(tmp_path: Path) -> None:
    (tmp_path / "world.toml").write_text(TOML, encoding="utf-8-sig")
    (tmp_path / "vocabulary.txt").write_text("a\ngrass\n", encoding="utf-8-sig")
    assert load_world(tmp_path).world.vocabulary == ("a", "grass")


def test_a_field_may_move_one_thing_or_several(tmp_path: Path) -> None:
    moving = TOML.replace("max = 128", 'max = 128\nmoves = "left"\npixels = [1, 0.5]')
    (field,) = load_world(write(tmp_path, moving)).world.state_fields
    assert (field.moves, field.pixels) == ("left", (1, 0.5))
    (field,) = load_world(write(tmp_path, moving.replace("[1, 0.5]", "2"))).world.state_fields
    assert field.pixels == (2,)


def test_a_world_takes_source_frames_unless_it_says_otherwise(tmp_path: Path) -> None:
    assert load_world(write(tmp_path)).world.takes_source_frames
    refusing = TOML.replace("fps = 16", "fps = 16\ntakes_source_frames = false")
    assert not load_world(write(tmp_path, refusing)).world.takes_source_frames


def test_a_world_before_training_has_no_words(tmp_path: Path) -> None:
    assert load_world(write(tmp_path, vocabulary=None)).world.vocabulary == ()


@pytest.mark.parametrize(
    "field",
    ["name", "description", "fps", "width", "height", "preset", "default_profile", "example_prompts"],
)
def test_a_missing_field_is_named_with_its_file(tmp_path: Path, field: str) -> None:
    without = re.sub(rf"^{field} = .*\n", "", TOML, count=1, flags=re.MULTILINE)
    assert refusal(write(tmp_path, without)) == f"{tmp_path / 'world.toml'}: field '{field}' is missing"


@pytest.mark.parametrize("table", ["state_fields", "profiles"])
def test_a_missing_table_is_named_with_its_file(tmp_path: Path, table: str) -> None:
    without = re.sub(rf"\[+{table}[^\n]*\n(?:\w+ = [^\n]*\n)*", "", TOML)
    assert refusal(write(tmp_path, without)) == f"{tmp_path / 'world.toml'}: field '{table}' is missing"


@pytest.mark.parametrize(
    ("line", "other", "words"),
    [
        ("chunk_size = 1", "", ["chunk_size"]),
        ("chunks = 2", "chunks = 0", ["chunks is 0"]),
        ("chunks = 2", "chunkz = 2", ["chunkz"]),
        ("max = 128", "max = -1", ["x", "min 0", "max -1"]),
        ("max = 128", "", ["max"]),
        ('default_profile = "responsive"', 'default_profile = "fast"', ["default_profile", "'fast'", "responsive"]),
        ('example_prompts = ["grass"]', "example_prompts = []", ["example_prompts"]),
        ('preset = "critters"', 'preset = "huge"', ["preset", "'huge'", "critters", "streamdit-4b"]),
        ("fps = 16", 'fps = "sixteen"', ["fps"]),
        ("fps = 16", "fps = 0", ["fps"]),
        ("max = 128", 'max = 128\nmoves = "north"', ["x", "moves", "'north'", "left, right, up, down"]),
        ("max = 128", "max = 128\npixels = [1, -1]", ["x", "pixels", "-1"]),
        ("width = 128", "width = 100", ["width", "100", "128"]),  # the preset's latents make pictures of 128 px
        ("height = 128", 'height = "tall"', ["height"]),
        ("fps = 16", "fps = 16\ntakes_source_frames = 1", ["takes_source_frames", "1", "true or false"]),
        # A misspelt key would pass for one that is left out; a value of another kind ended in a traceback.
        ("fps = 16", "fps = 16\ntakes_sources = false", ["'takes_sources'", "did you mean 'takes_source_frames'?"]),
        ("chunks = 2", "chunks = 2\nchunk = 2", ["[profiles.responsive]", "'chunk'", "did you mean 'chunks'?"]),
        ("chunks = 2", 'chunks = "two"', ["[profiles.responsive]", "two"]),
        ("max = 128", 'max = "wide"', ["[[state_fields]] x", "wide"]),
        ("max = 128", "max = 128\nmost = 3", ["[[state_fields]] x", "'most'", "expected name, min, max"]),
        ("fps = 16", "fps = 16\nstart = 3", ["start is 3"]),
        ("fps = 16", "fps = 16\nactions = 3", ["actions is 3"]),
        ("fps = 16", "fps = 16\nactions = [3]", ["[[actions]] is 3"]),
        ("fps = 16", 'fps = 16\nactions = [{name = "up", keys = 1}]', ["[[actions]] up", "'keys'"]),
        ("fps = 16", "fps = 16\nmay_be_open = true", ["may_be_open is True"]),
        ("fps = 16", 'fps = 16\ntext = "words"', ["[text] is 'words'"]),
        ("fps = 16", "fps = 16\nevaluation = 1", ["evaluation is 1"]),
        (
            "steps_per_shift = 1",
            "steps_per_shift = 1\n\n[evaluation]\nlabel = []",
            ["[evaluation]", "did you mean 'labels'?"],
        ),
        ('example_prompts = ["grass"]', "example_prompts = [1]", ["example_prompts holds 1, expected text"]),
    ],
)
def test_a_wrong_value_is_refused_with_file_field_and_value(
    tmp_path: Path, line: str, other: str, words: list[str]
) -> None:
    message = refusal(write(tmp_path, TOML.replace(line, other)))
    for word in [str(tmp_path / "world.toml"), *words]:
        assert word in message


@pytest.mark.parametrize("toml", ["name = ", "[profiles", "name = 1\nname = 2"])
def test_bad_toml_is_refused_with_its_file_and_line(tmp_path: Path, toml: str) -> None:
    message = refusal(write(tmp_path, toml))
    assert str(tmp_path / "world.toml") in message
    assert re.search(r"line \d", message) or "end of document" in message


def test_a_folder_without_a_world_is_refused(tmp_path: Path) -> None:
    assert str(tmp_path / "world.toml") in refusal(tmp_path)


def test_a_world_is_found_by_name_or_by_path(tmp_path: Path) -> None:
    assert find_world("critters") == EMBEDDED / "critters"
    assert find_world(str(write(tmp_path))) == tmp_path


def test_a_world_that_is_nowhere_is_refused_with_those_that_are_embedded(tmp_path: Path) -> None:
    with pytest.raises(WorldError, match=r"nowhere.*embedded worlds are .*critters"):
        find_world(str(tmp_path / "nowhere"))


def test_the_embedded_worlds_pictures_are_what_its_preset_decodes_to() -> None:
    for file in EMBEDDED.glob("*/world.toml"):
        folder = load_world(file.parent)
        size = (folder.preset.latent_width * SPATIAL, folder.preset.latent_height * SPATIAL)
        assert (folder.world.width, folder.world.height) == size


# ------------------------------------------------------------------------------------------------ weights


def test_weights_come_back_in_half_precision(tmp_path: Path) -> None:
    file = tmp_path / "weights.safetensors"
    saved, loaded = decoder(1), decoder(2)
    save_weights(saved.state_dict(), file)
    load_weights(loaded, file)
    assert all(value.dtype == torch.float16 for value in load_file(file).values())
    for name, value in loaded.state_dict().items():
        assert torch.equal(value, saved.state_dict()[name].half().float())
    assert [path.name for path in tmp_path.iterdir()] == [file.name]


def test_weights_may_be_read_by_whom_any_new_file_may_be_read(tmp_path: Path) -> None:
    plain, weights, words = tmp_path / "plain", tmp_path / "weights.safetensors", tmp_path / "words.safetensors"
    plain.write_text("as the user's umask has it")
    save_weights(decoder().state_dict(), weights)
    save_word_table(WordTable(("cat",), torch.ones(1, 2)), words, {})
    assert weights.stat().st_mode == plain.stat().st_mode == words.stat().st_mode


def test_missing_weights_are_named(tmp_path: Path) -> None:
    file = tmp_path / "denoiser.safetensors"
    with pytest.raises(WorldError, match=f"{re.escape(str(file))}: missing"):
        load_weights(decoder(), file)


@pytest.mark.parametrize("left", [0, 4, 100, -10])
def test_truncated_weights_are_named_with_what_is_left_of_them(tmp_path: Path, left: int) -> None:
    file = tmp_path / "denoiser.safetensors"
    save_weights(decoder().state_dict(), file)
    file.write_bytes(file.read_bytes()[:left])
    with pytest.raises(WorldError, match=rf"{re.escape(str(file))}: truncated or damaged \({file.stat().st_size} byt"):
        load_weights(decoder(), file)


def test_weights_of_another_shape_are_refused_with_file_and_weight(tmp_path: Path) -> None:
    file = tmp_path / "denoiser.safetensors"
    weights = decoder().state_dict()
    weights["layers.0.weight"] = torch.zeros(3, 3)
    save_weights(weights, file)
    with pytest.raises(WorldError, match=rf"(?s){re.escape(str(file))}: does not fit.*layers\.0\.weight"):
        load_weights(decoder(), file)


def test_a_world_without_a_vocabulary_cannot_be_played(tmp_path: Path) -> None:
    with pytest.raises(WorldError, match=rf"{re.escape(str(tmp_path))}.*vocabulary\.txt"):
        load_runtime(write(tmp_path, vocabulary=None), backend="torch")


def test_a_world_without_weights_cannot_be_played(tmp_path: Path) -> None:
    with pytest.raises(WorldError, match=r"denoiser\.safetensors: missing"):
        load_runtime(write(tmp_path), backend="torch")


def test_a_backend_that_does_not_exist_is_refused_with_those_that_do(tmp_path: Path) -> None:
    with pytest.raises(
        ValueError, match="backend is 'abacus', expected one of auto, tensorrt, tensorrt-rtx, torch, openvino"
    ):
        load_runtime(tmp_path, backend="abacus")
