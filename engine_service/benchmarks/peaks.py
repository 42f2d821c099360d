"""What cards promise for dense matrix products, and what share of it a measured time is.

NVIDIA's data sheets and white papers print most of these with 2:4 sparsity: here is half of that. FP8 is e4m3 with
single-precision sums.
"""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Peak:
    """Dense TFLOP/s of one card; None where it has no such products."""

    bfloat16: float
    float8: float | None
    source: str


_HOPPER_SXM = "H100 and H200 data sheets, SXM"
_HOPPER_NVL = "H100 NVL and H200 NVL data sheets"
PEAKS = {
    "NVIDIA H200": Peak(989.4, 1978.9, _HOPPER_SXM),
    "NVIDIA H200 NVL": Peak(835.5, 1670.5, _HOPPER_NVL),
    "NVIDIA H100 80GB HBM3": Peak(989.4, 1978.9, _HOPPER_SXM),
    "NVIDIA H100 NVL": Peak(835.5, 1670.5, _HOPPER_NVL),
    "NVIDIA H100 PCIe": Peak(756.5, 1513.0, "H100 data sheet of 2022, PCIe"),
    "NVIDIA A100-SXM4-80GB": Peak(312.0, None, "A100 data sheet"),
    "NVIDIA A100-SXM4-40GB": Peak(312.0, None, "A100 data sheet"),
    "NVIDIA A100 80GB PCIe": Peak(312.0, None, "A100 data sheet"),
    "NVIDIA L40S": Peak(362.0, 733.0, "L40S data sheet"),
    "NVIDIA B200": Peak(2250.0, 4500.0, "DGX B200 data sheet, an eighth"),
}


def find_peak(card: str) -> Peak | None:
    """The peak of a card by the name its driver gives it; None for a card, or a part of one, that is not listed."""
    return PEAKS.get(card)


def utilisation(peak: Peak | None, seconds: float, *, flops: float, eight_bit_flops: float = 0.0) -> float | None:
    """Time the card needs at its peak over the time it took, 0..1. `eight_bit_flops` of `flops` run in FP8.

    None where the peak is not known. Without FP8 this is model FLOP utilisation (PaLM, arXiv 2204.02311).
    """
    if peak is None or (eight_bit_flops and peak.float8 is None):
        return None
    at_peak_s = (flops - eight_bit_flops) / (peak.bfloat16 * 1e12)
    if eight_bit_flops and peak.float8 is not None:
        at_peak_s += eight_bit_flops / (peak.float8 * 1e12)
    return at_peak_s / seconds
