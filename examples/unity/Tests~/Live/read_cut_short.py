"""Reads what CutShortTests wrote: a folder, and `all` or `cut`: then it cuts the video anywhere in its last frames."""

import json
import sys
from pathlib import Path

import numpy as np

from streamdit import Recording

folder, how = Path(sys.argv[1]), sys.argv[2]
recording = Recording.load(folder)
if how == "cut":
    video = folder / "video.mp4"
    whole = video.read_bytes()
    frames = recording.read()  # (T, H, W, 3)
    counts = set()
    for length in range(len(whole), len(whole) - 600, -1):
        video.write_bytes(whole[:length])
        cut = Recording.load(folder)
        counts.add(cut.num_frames)
        assert len(cut.events) == len([event for event in recording.events if event["frame"] < cut.num_frames]), length
        if length % 50 == 0:
            np.testing.assert_array_equal(cut.read(), frames[: cut.num_frames])
    assert counts == set(range(recording.num_frames, recording.num_frames - 4, -1)), counts  # 200 bytes each
    video.write_bytes(whole)
frames = recording.read()
assert len(frames) == recording.num_frames
told = {
    "finished": recording.finished,
    "num_frames": recording.num_frames,
    "times_ms": [round(time / 1000) for time in recording.times_us().tolist()],
    "first_values": frames[:, 0, 0, 0].tolist() if recording.lossless else [],
    "states": recording.states()[:, 0].tolist(),
    "prompts": sorted(set(recording.prompts())),
    "gaps_ms": [round(event["t_us"] / 1000) for event in recording.events if event["type"] == "gap"],
    "seconds": recording.seconds,
}
print(json.dumps(told))
