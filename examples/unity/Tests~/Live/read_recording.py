"""Reads what RecordingTests wrote: the folder, and a file with the last frame's payload in hex."""

import sys
from pathlib import Path

import numpy as np
import simplejpeg

from streamdit import Recording

recording = Recording.load(sys.argv[1])
payload = bytes.fromhex(Path(sys.argv[2]).read_text(encoding="utf-8"))
frames = recording.read()  # (T, H, W, 3)
assert frames.shape == (12, 128, 128, 3), frames.shape
assert (recording.world, recording.fps) == ("critters", 16.0), recording
if recording.lossless:
    np.testing.assert_array_equal(frames[-1], np.frombuffer(payload, np.uint8).reshape(128, 128, 3))
else:
    # Another JPEG decoder: a level or two apart.
    apart = np.abs(frames[-1].astype(int) - simplejpeg.decode_jpeg(payload).astype(int))
    assert apart.mean() < 2, apart.mean()
np.testing.assert_array_equal(recording.read(5, 7), frames[5:7])
assert recording.states()[:4, 0].tolist() == [40.0] * 4, recording.states()[:, 0]
assert recording.states()[-1, 0] == 90.0, recording.states()[:, 0]
assert recording.prompts()[0] == "a pig in a meadow", recording.prompts()
assert recording.prompts()[-1] == 'a "fox" in snow', recording.prompts()
assert [event["transition"] for event in recording.events if "transition" in event] == ["smooth"]
print("as it was")
