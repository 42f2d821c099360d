"""Own words: do sentences in words that captions never use mean to the encoder what they name? No picture is made.

Asked of word vectors alone, before any training of a world: by the caption whose vector is nearest, and by linear
probes that were taught on captions what a vector names, a whole sentence's or each word's. Beside them what the
captions' own words alone would give, and guessing.

Letters: n sentences or captions, L words of one, De width of a vector, k values of a label.
"""

import re
import tomllib
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from math import prod
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn

from engine_service.evaluation.intervals import confidence
from engine_service.model.text import MASKED, TRAINING_NOISE
from engine_service.runtime.text import make_text_encoder, make_tokenizer, prompt_vectors, word_numbers
from engine_service.runtime.world import WorldFolder
from engine_service.training.frames import find_recordings
from engine_service.training.taught import what_was_taught

DECAY = 1e-4  # of the probe's weights; chosen on captions, of which it had to name words it was not taught
SCALE = 8.0  # of unit vectors, for the probe
NUM_ITERATIONS = 100
NUM_COPIES = 2  # of each caption, each with its own noise, for the probe of words

Named = Mapping[str, str]  # label -> value; labels that are left open are absent
Encode = Callable[[Sequence[str]], Tensor]  # n texts -> (n, De), or (n, L, De) by words; 0 for what is not known


@dataclass(frozen=True, slots=True)
class Sentence:
    """A text, and the values that it names."""

    text: str
    names: Named


@dataclass(frozen=True, slots=True)
class Score:
    """How one way of reading did: for each sentence, whether all it names was read; and label by label."""

    name: str
    right: tuple[bool, ...]
    by_label: Mapping[str, float]  # the share of those sentences that name the label


@dataclass(frozen=True, slots=True)
class OwnWords:
    """All ways of reading, on the same sentences."""

    scores: tuple[Score, ...]
    chance: float
    num_captions: int
    num_known: int


def read_sentences(file: Path, labels: Sequence[str]) -> list[Sentence]:
    """The `[[sentences]]` of a TOML file: `text`, and `names`, of which only `labels` are asked.

    Raises:
        ValueError: the file is no such list, with its name and what is wrong.
    """
    try:
        listed = tomllib.loads(file.read_text(encoding="utf-8"))["sentences"]
        found = [Sentence(str(each["text"]), {k: str(v) for k, v in each["names"].items()}) for each in listed]
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise ValueError(f"{file}: {error}") from error
    except (KeyError, TypeError, AttributeError) as error:
        raise ValueError(f"{file}: needs [[sentences]], each with text and names ({error})") from error
    for each in found:
        if not each.names or not each.names.keys() <= set(labels):
            raise ValueError(f"{file}: {each.text!r} names {dict(each.names)}, needs some of {', '.join(labels)}")
    return found


def read_captions(recordings: Path, labels: Sequence[str]) -> list[Sentence]:
    """Every different caption of recordings that names some of `labels`, as their `names` events say.

    Raises:
        ValueError: none of them says what its captions name.
    """
    found: dict[str, Named] = {}
    for recording in find_recordings(recordings):
        text = ""
        for event in recording.events:
            if event["type"] == "prompt":
                text = event["text"]
            elif event["type"] == "names":
                found[text] = {label: value for label, value in event["names"].items() if label in labels}
    captions = [Sentence(text, names) for text, names in sorted(found.items()) if names]
    if not captions:
        raise ValueError(f"no recording in {recordings} says by `names` events which of {', '.join(labels)} it names")
    return captions


def ask(folder: WorldFolder, sentences: Sequence[Sentence], captions: Sequence[Sentence]) -> OwnWords:
    """Read `sentences` by the world's word vectors, by a closed list of the captions' words, and by guessing.

    Raises:
        ValueError: the world's words are learnt, and mean nothing before it was trained.
    """
    tokenizer, encoder = make_tokenizer(folder), make_text_encoder(folder)
    taught = what_was_taught([each.text for each in captions], tokenizer, encoder)
    known = {} if taught is None else dict.fromkeys(taught.prompts)
    of_known = [each for each in captions if each.text in known]

    def by_table(texts: Sequence[str]) -> Tensor:
        return prompt_vectors(texts, tokenizer, encoder)

    def by_word(texts: Sequence[str]) -> Tensor:
        return encoder.word_vectors(word_numbers(texts, tokenizer))

    scores = []
    for name, encode in (("word vectors", by_table), ("captions' words alone", bag_of_words(captions))):
        scores += [
            nearest(f"{name}: nearest of all captions", encode, sentences, captions),
            nearest(f"{name}: nearest known prompt", encode, sentences, of_known),
            probe(f"{name}: linear probe", encode, sentences, captions),
        ]
    scores.insert(3, word_probe("word vectors: linear probe, word by word", by_word, sentences, captions))
    scores.append(_most_frequent(sentences, captions))
    return OwnWords(tuple(scores), _chance(sentences, captions), len(captions), len(of_known))


def bag_of_words(captions: Sequence[Sentence]) -> Encode:
    """A closed list: a text is which of the captions' words it has, and no other word counts."""
    number = {word: i for i, word in enumerate(sorted({w for each in captions for w in _words(each.text)}))}

    def encode(texts: Sequence[str]) -> Tensor:
        vectors = torch.zeros(len(texts), len(number))
        for row, text in enumerate(texts):
            for word in _words(text):
                if word in number:
                    vectors[row, number[word]] += 1
        return nn.functional.normalize(vectors, dim=1)

    return encode


def nearest(name: str, encode: Encode, sentences: Sequence[Sentence], captions: Sequence[Sentence]) -> Score:
    """A sentence means what the caption names whose vector is nearest; the first of several that are."""
    similarity = encode([each.text for each in sentences]) @ encode([each.text for each in captions]).T
    return _score(name, sentences, [captions[i].names for i in similarity.argmax(1).tolist()])


def probe(name: str, encode: Encode, sentences: Sequence[Sentence], captions: Sequence[Sentence]) -> Score:
    """A sentence means what a linear classifier for each label says of its vector, taught on captions that name it."""

    def answer(linear: nn.Linear, vectors: Tensor) -> Tensor:
        scores: Tensor = linear(SCALE * vectors)
        return scores

    return _by_classifiers(name, encode, answer, sentences, captions)


def word_probe(name: str, encode: Encode, sentences: Sequence[Sentence], captions: Sequence[Sentence]) -> Score:
    """As `probe`, but of every word's vector: the transformer, too, hears words. The largest score counts, smoothly.

    It is taught with the noise on vectors that a world is taught with (model/text.py).
    """

    def answer(linear: nn.Linear, vectors: Tensor) -> Tensor:
        scores: Tensor = linear(vectors) - linear.bias  # a value is said by a word, or it is not said
        silent = (vectors == 0).all(-1, keepdim=True)
        loudest: Tensor = scores.masked_fill(silent, MASKED).logsumexp(1)
        return loudest

    generator = torch.Generator().manual_seed(0)

    def noised(texts: Sequence[str]) -> Tensor:
        vectors = encode(texts).repeat(NUM_COPIES, 1, 1)
        length = vectors.norm(dim=-1, keepdim=True) / vectors.shape[-1] ** 0.5
        noise: Tensor = TRAINING_NOISE * length * torch.randn(vectors.shape, generator=generator)
        return vectors + noise

    return _by_classifiers(name, encode, answer, sentences, captions, teaching=noised, copies=NUM_COPIES)


def _by_classifiers(
    name: str,
    encode: Encode,
    answer: Callable[[nn.Linear, Tensor], Tensor],
    sentences: Sequence[Sentence],
    captions: Sequence[Sentence],
    *,
    teaching: Encode | None = None,
    copies: int = 1,
) -> Score:
    """A classifier for each label; `teaching` encodes captions for it, each so many times."""
    asked = encode([each.text for each in sentences])
    read: list[dict[str, str]] = [{} for _ in sentences]
    for label in _labels(sentences):
        naming = [each for each in captions if label in each.names]
        values = sorted({each.names[label] for each in naming})
        targets = torch.tensor([values.index(each.names[label]) for each in naming] * copies)
        linear = _classifier(answer, (teaching or encode)([each.text for each in naming]), targets, len(values))
        for each, number in zip(read, answer(linear, asked).argmax(1).tolist(), strict=True):
            each[label] = values[number]
    return _score(name, sentences, read)


def _classifier(
    answer: Callable[[nn.Linear, Tensor], Tensor], vectors: Tensor, targets: Tensor, num_classes: int
) -> nn.Linear:
    """Logistic regression of vectors to `(n,)`, the same every time."""
    linear = nn.Linear(vectors.shape[-1], num_classes)
    nn.init.normal_(linear.weight, std=0.01, generator=torch.Generator().manual_seed(0))
    nn.init.zeros_(linear.bias)
    optimiser = torch.optim.LBFGS(linear.parameters(), max_iter=NUM_ITERATIONS, line_search_fn="strong_wolfe")

    def loss() -> Tensor:
        optimiser.zero_grad()
        error = nn.functional.cross_entropy(answer(linear, vectors), targets)
        error = error + DECAY * linear.weight.square().sum()
        error.backward()  # type: ignore[no-untyped-call]
        return error

    optimiser.step(loss)  # type: ignore[no-untyped-call]
    return linear.requires_grad_(False)


def _most_frequent(sentences: Sequence[Sentence], captions: Sequence[Sentence]) -> Score:
    guess = {
        label: Counter(each.names[label] for each in captions if label in each.names).most_common(1)[0][0]
        for label in _labels(sentences)
    }
    return _score("most frequent value of each label", sentences, [guess] * len(sentences))


def _chance(sentences: Sequence[Sentence], captions: Sequence[Sentence]) -> float:
    """Of guessing each value that a sentence names."""
    num_values = {
        label: len({each.names[label] for each in captions if label in each.names}) for label in _labels(sentences)
    }
    return sum(prod(1 / num_values[label] for label in each.names) for each in sentences) / len(sentences)


def _labels(sentences: Sequence[Sentence]) -> list[str]:
    return sorted({label for each in sentences for label in each.names})


def _score(name: str, sentences: Sequence[Sentence], read: Sequence[Named]) -> Score:
    agrees = [
        {label: found.get(label) == value for label, value in each.names.items()}
        for each, found in zip(sentences, read, strict=True)
    ]
    by_label = {
        label: float(np.mean([each[label] for each in agrees if label in each])) for label in _labels(sentences)
    }
    return Score(name, tuple(all(each.values()) for each in agrees), by_label)


def _words(text: str) -> list[str]:
    return re.findall(r"\w+", text.lower())


def as_markdown(result: OwnWords) -> str:
    """A table: how many sentences were read right, with its interval, and the share label by label."""
    labels = list(result.scores[0].by_label)
    lines = [["read by", "sentences right", "95 % interval", *labels], ["---"] * (3 + len(labels))]
    for score in result.scores:
        low, high = confidence([np.array([float(right)]) for right in score.right])
        share = sum(score.right) / len(score.right)
        lines.append(
            [
                score.name,
                f"{sum(score.right)} of {len(score.right)} ({share:.0%})",
                f"{low:.0%} to {high:.0%}",
                *(f"{score.by_label[label]:.0%}" for label in labels),
            ]
        )
    lines.append(["chance", f"{result.chance:.0%}", "", *("" for _ in labels)])
    table = "\n".join("| " + " | ".join(line) + " |" for line in lines)
    counts = f"{result.num_captions} different captions, {result.num_known} known prompts."
    return f"{table}\n\nA sentence is right if every value that it names was read. {counts}"
