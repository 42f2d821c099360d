"""What pictures say by themselves or beside the true ones. Letters: T frames, H W height and width in px.

`-lite` marks a stand-in for a VBench dimension (arXiv 2311.17982) whose networks are not at hand: its formula, with
something small in their place. Never to be printed beside published VBench numbers.
"""

import itertools
from collections.abc import Sequence
from functools import partial

import cv2
import numpy as np
from numpy.typing import NDArray
from skimage.metrics import structural_similarity

Pictures = NDArray[np.uint8]  # (T, H, W, 3)
Series = NDArray[np.float64]  # (T,)


def psnr_db(pictures: Pictures, truth: Pictures) -> Series:
    """Peak signal-to-noise ratio of each picture, dB; 60 where they are equal."""
    error = (pictures.astype(np.float64) - truth) ** 2
    ratio: Series = 10 * np.log10(255**2 / np.maximum(error.mean(axis=(1, 2, 3)), 1e-6))
    return np.minimum(ratio, 60.0)


def ssim(pictures: Pictures, truth: Pictures) -> Series:
    """Structural similarity of each picture (Wang et al. 2004), 1 where they are equal."""
    pairs = zip(pictures, truth, strict=True)
    compare = partial(structural_similarity, channel_axis=-1, data_range=255)  # untyped
    return np.array([compare(a, b) for a, b in pairs], np.float64)


def steps(pictures: Pictures) -> Series:
    """Mean absolute difference of each frame from the one before it, grey levels, `(T - 1,)`.

    Raises:
        ValueError: there are fewer than two frames.
    """
    if len(pictures) < 2:
        raise ValueError(f"{len(pictures)} frames, a difference needs at least 2")
    pairs = itertools.pairwise(pictures)
    return np.array([np.abs(a.astype(np.int16) - b).mean() for a, b in pairs])


def flicker(pictures: Pictures) -> float:
    """Temporal flickering as VBench codes it: (255 - mean difference of consecutive frames) / 255, 1 is still."""
    return float((255 - steps(pictures).mean()) / 255)


def seams(pictures: Pictures, frames_per_chunk: int) -> tuple[float, float]:
    """Mean step across the borders of chunks and inside them, grey levels: alike where no border is to be seen."""
    differences = steps(pictures)
    at_border = (np.arange(len(differences)) + 1) % frames_per_chunk == 0
    return float(differences[at_border].mean()), float(differences[~at_border].mean())


def flow(before: NDArray[np.uint8], after: NDArray[np.uint8]) -> NDArray[np.float32]:
    """Optical flow between two pictures by DIS (Kroeger et al. 2016), px, `(H, W, 2)`."""
    estimator = cv2.DISOpticalFlow.create(cv2.DISOPTICAL_FLOW_PRESET_MEDIUM)
    first, second = (cv2.cvtColor(picture, cv2.COLOR_RGB2GRAY) for picture in (before, after))
    return np.asarray(estimator.calc(first, second, np.zeros((*first.shape, 2), np.float32)), np.float32)


def is_dynamic(pictures: Pictures, fps: float) -> bool:
    """Dynamic degree-lite of one video, by VBench's rule with DIS in RAFT's place.

    At about 8 fps a pair of frames moves if the mean of its 5 % largest flows is above 6 px of 256; the video is
    dynamic if there are 4 such pairs for each 16 frames.
    """
    sampled = pictures[:: max(1, round(fps / 8))]
    largest = [np.sort(np.linalg.norm(flow(a, b), axis=-1), axis=None) for a, b in itertools.pairwise(sampled)]
    few = max(1, int(pictures.shape[1] * pictures.shape[2] * 0.05))
    moving = sum(float(sizes[-few:].mean()) > 6 * min(pictures.shape[1:3]) / 256 for sizes in largest)
    return bool(moving >= round(4 * len(sampled) / 16))


def smoothness(pictures: Pictures) -> float:
    """Motion smoothness-lite: odd frames against their neighbours' half-way, warped along DIS flow in AMT's place."""
    if len(pictures) < 3:
        raise ValueError(f"{len(pictures)} frames, smoothness needs at least 3")
    errors: list[float] = []
    for i in range(1, len(pictures) - 1, 2):
        before, after = pictures[i - 1], pictures[i + 1]
        forth, back = _warped(before, flow(before, after)), _warped(after, flow(after, before))
        middle = (forth.astype(np.float64) + back) / 2
        errors.append(float(np.abs(middle - pictures[i]).mean()))
    return float((255 - np.mean(errors)) / 255)


def consistency(features: Sequence[NDArray[np.float64]]) -> float:
    """VBench's subject and background consistency of feature vectors, one a frame: likeness to the frame before and
    to the first, averaged, negatives as 0."""
    unit = [vector / max(float(np.linalg.norm(vector)), 1e-12) for vector in features]
    if len(unit) < 2:
        raise ValueError(f"{len(unit)} frames, consistency needs at least 2")
    pairs = itertools.pairwise(unit)
    return float(np.mean([(max(0.0, float(a @ b)) + max(0.0, float(unit[0] @ b))) / 2 for a, b in pairs]))


def _warped(picture: NDArray[np.uint8], motion: NDArray[np.float32]) -> NDArray[np.uint8]:
    """A picture half-way along its flow, taken backwards."""
    rows, columns = np.indices(picture.shape[:2], np.float32)
    moved = cv2.remap(picture, columns - motion[..., 0] / 2, rows - motion[..., 1] / 2, cv2.INTER_LINEAR,
                      borderMode=cv2.BORDER_REPLICATE)  # fmt: skip
    return np.asarray(moved, np.uint8)
