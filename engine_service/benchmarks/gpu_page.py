"""The GPU's rows as a section of the page of results."""

from collections.abc import Sequence

from engine_service.benchmarks import acceptance, accuracy, micro_steps, pictures, serving, sessions
from engine_service.benchmarks.parts import Row, Value
from engine_service.benchmarks.peaks import find_peak
from engine_service.benchmarks.tables import markdown_table

# By table: its columns as (key of a row's values, heading, how a number is written).
Column = tuple[str, str, str]
COLUMNS: dict[str, tuple[Column, ...]] = {
    micro_steps.TABLE: (
        ("median_ms", "ms, median", ".1f"),
        ("p99_ms", "p99", ".1f"),
        ("calls", "calls", "d"),
        ("fps", "frames a second", ".1f"),
        ("tflop", "TFLOP", ".2f"),
        ("window_tokens", "tokens in a window", ",d"),
        ("utilisation_pct", "of the card's peak", ".1f %"),
        ("memory_bytes", "memory, peak", "GB"),
    ),
    pictures.TABLE: (("median_ms", "ms, median", ".2f"), ("p99_ms", "p99", ".2f"), ("calls", "calls", "d")),
    sessions.STEPS: (
        ("step_ms", "ms a micro-step", ".2f"),
        ("step_ms_a_session", "per session", ".3f"),
        ("decode_ms", "ms to decode a latent each", ".2f"),
    ),
    sessions.PACE: (
        ("shift_ms", "a shift every, ms", ".0f"),
        ("fps", "frames a second each", ".0f"),
        ("sessions", "sessions that keep it", "d"),
    ),
    accuracy.TABLE: (
        ("layers", "layers in FP8", "d"),
        ("latent_rms", "latents off by, root mean square", ".4f"),
        ("psnr_db", "frames, PSNR", ".1f dB"),
    ),
    serving.TABLE: (
        ("backend", "backend", ""),
        ("seconds", "seconds", ".0f"),
        ("fps", "frames a second", ".2f"),
        ("interval_p50_ms", "interval p50, ms", ".1f"),
        ("interval_p99_ms", "p99", ".1f"),
        ("interval_max_ms", "max", ".1f"),
        ("frames", "frames", "d"),
        ("late_frames", "late", "d"),
        ("dropped", "dropped", "d"),
        ("rungs", "rungs seen", ""),
        ("power_mean_w", "power, mean", ".0f W"),
        ("temperature_max_c", "temperature, max", ".0f C"),
        ("sm_clock_min_mhz", "SM clock, min", ".0f MHz"),
        ("throttled", "throttled by", ""),
    ),
}
FIRST_HEADINGS = {
    micro_steps.TABLE: "micro-step",
    pictures.TABLE: "around it",
    sessions.STEPS: "profile, sessions in a call",
    sessions.PACE: "profile",
    accuracy.TABLE: "against float32",
    serving.TABLE: "serving",
}
DRY_RUN = (
    "**A dry run without a GPU: it shows that the command works. Its times are a CPU's, and nothing here says anything "
    "about a GPU.**"
)


def page(rows: Sequence[Row], *, preset: str, place: str, card: str | None, dry_run: bool) -> str:
    """All tables that have a row, what could not be measured in words, and what the columns mean."""
    command = "streamdit-engine bench " + (f"--device cpu --preset {preset}" if dry_run else f"--gpu --preset {preset}")
    paragraphs = [f"Measured {place}, {card or 'no GPU'}, by `{command}`."]
    if dry_run:
        paragraphs.insert(0, DRY_RUN)
    for row in rows:
        if row.table == acceptance.TABLE:
            paragraphs.append(f"Does TensorRT-RTX take the card? {row.trouble or row.values['answer']}.")
    for table, columns in COLUMNS.items():
        chosen = [row for row in rows if row.table == table]
        if chosen:
            paragraphs.append(_table(FIRST_HEADINGS[table], columns, chosen))
        if table == micro_steps.TABLE and chosen:
            paragraphs.append(_micro_step_note(preset, card))
        if table == serving.TABLE:
            silences = {str(row.values["gpu_silence"]) for row in chosen if row.values.get("gpu_silence")}
            paragraphs += [f"The GPU was not watched: {silence}." for silence in sorted(silences)]
    loose = [row for row in rows if row.trouble and row.table not in (*COLUMNS, acceptance.TABLE)]
    paragraphs += [f"Part {row.name}: {row.trouble}." for row in loose]
    return "\n\n".join(paragraphs)


def _table(first: str, columns: Sequence[Column], rows: Sequence[Row]) -> str:
    """Columns that no row has a value for are left out; a row without values says why in its first cell."""
    used = [column for column in columns if any(row.values.get(column[0]) not in (None, "") for row in rows)]
    body = []
    for row in rows:
        name = f"{row.name} ({row.trouble})" if row.trouble else row.name
        body.append([name, *(_cell(row.values.get(key), form) for key, _, form in used)])
    return markdown_table([first, *(heading for _, heading, _ in used)], body)


def _cell(value: Value, form: str) -> str:
    if value is None or value == "":
        return "-"
    if isinstance(value, str):
        return value
    if not isinstance(value, int | float):
        raise TypeError(f"a cell holds {value!r}, expected a number or words")
    if form == "GB":
        return f"{value / 1e9:.1f} GB"
    number, _, unit = form.partition(" ")
    return f"{value:{number}} {unit}".rstrip()


def _micro_step_note(preset: str, card: str | None) -> str:
    note = (
        f"`{preset}` with random weights in the partition of the paper (K = 0, N = 8, c = 2, s = 1): one micro-step "
        "makes one chunk. bfloat16 unless said otherwise; FP8 is e4m3, a scale a token and an output channel, in all "
        "linear layers of the blocks but the modulation. "
    )
    peak = None if card is None else find_peak(card)
    if peak is None:
        return note + f"No peak is listed for {card or 'a CPU'}, so no utilisation is given."
    return note + (
        f"Of the card's peak: the time its dense products need at {peak.bfloat16:,.0f} TFLOP/s in bfloat16 and "
        f"{peak.float8 or 0:,.0f} in FP8 ({peak.source}) over the time they took."
    )
