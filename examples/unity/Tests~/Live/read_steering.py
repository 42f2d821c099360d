"""Reads what SteeringTests recorded: keys, a part of the state and what was released."""

import math
import sys

from streamdit import Recording

recording = Recording.load(sys.argv[1])
assert [action.name for action in recording.action_infos] == ["left", "right", "jump", "throttle"], recording
held = recording.actions(unsaid=math.nan)  # (T, A)
states = recording.states(unsaid=math.nan)  # (T, S)
rows = [str((*held[i].tolist(), *states[i].tolist())) for i in range(recording.num_frames)]
assert list(dict.fromkeys(rows)) == [
    "(1.0, 0.0, 0.0, 0.0, nan, nan)",
    "(0.0, 1.0, 1.0, 0.0, 90.0, nan)",
    "(nan, nan, nan, nan, nan, nan)",
], rows
written = [event for event in (recording.folder / "events.jsonl").read_text().splitlines() if '"actions"' in event]
assert len([event for event in written if '"held"' in event]) == 2, written
assert recording.prompts()[0] == "", recording.prompts()
print("as it was")
