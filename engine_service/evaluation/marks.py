"""From frames to marks: what the judges and the pictures say of one performance, frame by frame.

Letters: T frames, S state fields, H W height and width in px.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray

from engine_service.evaluation.judges import Judges, position_columns, true_keys
from engine_service.evaluation.keys import UNKNOWN
from engine_service.evaluation.pictures import Pictures, consistency, psnr_db, ssim
from engine_service.model.autoencoder import from_rgb
from engine_service.runtime.world import WorldFolder

SSIM_EVERY = 4  # frames; it is the slowest of the measures
CROP = 64  # px, around the critter; the tallest is 54


@dataclass(frozen=True, slots=True)
class Marks:
    """One number a frame; those of keys one a pair of frames whose key is known."""

    labels_right: Mapping[str, NDArray[np.float64]]  # per label (T,), 1 or 0
    all_right: NDArray[np.float64]  # (T,), every label of the prompt
    position_error_px: NDArray[np.float64]  # (T,)
    psnr_db: NDArray[np.float64]  # (T,)
    ssim: NDArray[np.float64]  # (T / SSIM_EVERY,)
    keys_right: NDArray[np.float64]  # (up to T - 1,)


def mark(
    judges: Judges,
    folder: WorldFolder,
    pictures: Pictures,
    truth: Pictures,
    states: NDArray[np.float32],
    labels: Mapping[str, str],
) -> Marks:
    """Mark pictures `(T, H, W, 3)` of a script whose states are `(T, S)` and whose prompt says `labels`."""
    verdict = judges.judge.verdict(pictures)
    right = {
        name: np.array([word == labels[name] for word in verdict.words[name]], np.float64)
        for name in folder.evaluation.labels
    }
    keys = true_keys(folder, states)
    known = keys != UNKNOWN
    return Marks(
        labels_right=right,
        all_right=np.prod(list(right.values()), axis=0),
        position_error_px=np.linalg.norm(verdict.position - states[:, position_columns(folder)], axis=1),
        psnr_db=psnr_db(pictures, truth),
        ssim=ssim(pictures[::SSIM_EVERY], truth[::SSIM_EVERY]),
        keys_right=(judges.keys.read(pictures)[known] == keys[known]).astype(np.float64),
    )


@torch.inference_mode()
def consistencies(
    judges: Judges, folder: WorldFolder, pictures: Pictures, states: NDArray[np.float32]
) -> tuple[float, float]:
    """Subject and background consistency-lite of a video: VBench's formula on the judge's own features.

    The subject is a crop around where the critter should be, the background the picture with that crop made grey.
    """
    height, width = pictures.shape[1:3]
    subjects, backgrounds = [], []
    for picture, (x, up) in zip(pictures, states[:, position_columns(folder)], strict=True):
        inside = box(judges, float(x), float(up), height, width)
        subjects.append(_features(judges, picture[inside]))
        hidden = picture.copy()
        hidden[inside] = 128
        backgrounds.append(_features(judges, hidden))
    return consistency(subjects), consistency(backgrounds)


def box(judges: Judges, x: float, up: float, height: int, width: int) -> tuple[slice, slice]:
    """Rows and columns of the crop around a critter at a place, wholly inside the picture.

    A place counts upwards from a ground that only the judge's own head has learnt; that says where to look. It is where
    a critter stands: nearly all of it is above.
    """
    crop = min(CROP, height, width)
    top = int(np.clip(_row_of(judges, up, height) - 0.85 * crop, 0, height - crop))
    left = int(np.clip(x - crop / 2, 0, width - crop))
    return slice(top, top + crop), slice(left, left + crop)


def _features(judges: Judges, picture: NDArray[np.uint8]) -> NDArray[np.float64]:
    deep = judges.judge.deeper(judges.judge.features(from_rgb(torch.from_numpy(np.ascontiguousarray(picture)))[None]))
    return np.asarray(deep.mean((2, 3))[0].numpy(), np.float64)


def _row_of(judges: Judges, up: float, height: int) -> float:
    """Where in the picture, px from the top, the judge would have to look to say `up`."""
    weight, bias = judges.judge.place.weight[1, 1].item(), judges.judge.place.bias[1].item()
    return (up / height - bias) / weight * height


def pooled(marks: Sequence[Marks], name: str) -> list[NDArray[np.float64]]:
    """One field of many performances, one array each."""
    return [np.asarray(getattr(each, name)) for each in marks]
