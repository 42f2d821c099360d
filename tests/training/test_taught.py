"""What a world was taught is written when it is trained, and tells what is far from it."""

import json
import random
import shutil
from pathlib import Path

import pytest
from typer.testing import CliRunner

import critters
from blocks.record import record
from critters.captions import caption, draw_names
from critters.scene import CRITTERS, LANDSCAPES, TIMES, WEATHERS, Scene
from engine_service.__main__ import app
from engine_service.model.known_prompts import Nearest, nearest_known, spread_prompts
from engine_service.runtime.text import load_known_prompts, make_text_encoder, make_tokenizer, prompt_vectors
from engine_service.runtime.world import KNOWN_PROMPTS_FILE, WorldFolder, find_world, load_world
from engine_service.training.frames import find_recordings
from engine_service.training.taught import NUM_KNOWN, other_sentences, what_was_taught, write_what_was_taught

GENERATED = Path(critters.__file__).with_name("generated")
BLOCKS = find_world("blocks")


def captions(count: int, seed: int) -> list[str]:
    """As recordings have them, empty ones among them."""
    rng = random.Random(seed)
    scenes = [Scene(*(rng.choice(v) for v in (CRITTERS, LANDSCAPES, TIMES, WEATHERS))) for _ in range(count)]
    return [caption(each, rng, names=draw_names(rng, landmark=False) - {"coat"}).text for each in scenes]


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> WorldFolder:
    folder = tmp_path_factory.mktemp("world")
    shutil.copy(GENERATED / "world.toml", folder)
    return load_world(folder)


@pytest.fixture(scope="module")
def near(world: WorldFolder) -> tuple[float, dict[str, Nearest]]:
    """The threshold, and what is nearest to some sentences."""
    said = write_what_was_taught(world, captions(2000, seed=1))
    tokenizer, encoder = make_tokenizer(world), make_text_encoder(world)
    known = load_known_prompts(world, tokenizer, encoder)
    assert known is not None
    assert said == f"wrote {KNOWN_PROMPTS_FILE} ({len(known.texts)} prompts, threshold {known.threshold:.2f})"
    texts = [*(text for text in captions(200, seed=2) if text), *other_sentences(), "a snowstorm downtown"]
    vectors = prompt_vectors(texts, tokenizer, encoder)
    return known.threshold, {text: nearest_known(vector, known) for text, vector in zip(texts, vectors, strict=True)}


def test_some_hundred_prompts_stand_for_all_of_them(world: WorldFolder, near: object) -> None:
    prompts = json.loads((world.path / KNOWN_PROMPTS_FILE).read_text())["prompts"]
    assert len(prompts) == len(set(prompts)) == NUM_KNOWN
    assert "" not in prompts
    words = {word for prompt in prompts for word in prompt.replace(",", " ").split()}
    assert words >= {*CRITTERS, *LANDSCAPES, "night", "dusk", "rain", "snow"}


def test_other_captions_are_near_and_sentences_about_other_things_are_far(
    near: tuple[float, dict[str, Nearest]],
) -> None:
    threshold, found = near
    others = [found[text].similarity < threshold for text in other_sentences()]
    own = [each.similarity < threshold for text, each in found.items() if text not in other_sentences()]
    assert sum(others) > 0.8 * len(others)
    assert sum(own) < 0.02 * len(own)


def test_the_threshold_lets_other_words_pass_for_the_same_things(near: tuple[float, dict[str, Nearest]]) -> None:
    threshold, found = near
    assert found["a snowstorm downtown"].similarity > threshold


def test_of_prompts_without_a_single_known_word_nothing_is_known(world: WorldFolder) -> None:
    assert what_was_taught(["", "qwzxv"], make_tokenizer(world), make_text_encoder(world)) is None
    assert "not one word" in write_what_was_taught(world, ["qwzxv"])


def test_one_prompt_is_enough(world: WorldFolder) -> None:
    taught = what_was_taught(["a cat"], make_tokenizer(world), make_text_encoder(world))
    assert taught is not None
    assert taught.prompts == ("a cat",)
    assert 0 < taught.threshold < 1


def test_prompts_that_say_the_same_are_known_once(world: WorldFolder) -> None:
    tokenizer, encoder = make_tokenizer(world), make_text_encoder(world)
    vectors = prompt_vectors(["a cat", "a cat!", "A Cat", "snow"], tokenizer, encoder)
    assert len(spread_prompts(vectors, 4)) == 2


def test_learnt_words_are_refused() -> None:
    folder = load_world(find_world("critters"))
    with pytest.raises(ValueError, match="only given word vectors"):
        what_was_taught(["a cat"], make_tokenizer(folder), make_text_encoder(folder))


def test_training_a_world_writes_what_it_was_taught(tmp_path: Path) -> None:
    for index in range(4):
        record(index, out=tmp_path / "recordings", num_frames=24, seed=5, split="train")
    shutil.copytree(BLOCKS, tmp_path / "world")
    where = ["--recordings", str(tmp_path / "recordings"), "--world", str(tmp_path / "world")]
    small = ["--steps", "1", "--threads", "1", "--device", "cpu"]
    for command in (["train-autoencoder", "--batch-size", "1"], ["train", "--latents-per-step", "8"]):
        ran = CliRunner().invoke(app, [*command, *where, *small, "--run", str(tmp_path / command[0])])
        assert ran.exit_code == 0, ran.output
    known = json.loads((tmp_path / "world" / KNOWN_PROMPTS_FILE).read_text())
    recordings = find_recordings(tmp_path / "recordings")
    said = {prompt for recording in recordings for prompt in recording.prompts() if prompt}
    assert set(known["prompts"]) <= said
