"""Reads what SteeringTests recorded: keys, a part of the state and what was released."""

import math
import sys

from streamdit import Recording

recording = Recording.load(sys.argv[1])
assert [action.name for action in recording.action_infos] == ["left", "right", "jump", "throttle"], recording
held = recording.actions(unsaid=math.nan)  # (T, A)
assert held[0].tolist() == [1.0, 0.0, 0.0, 0.0], held
assert held[5].tolist() == [0.0, 1.0, 1.0, 0.0], held
states = recording.states(unsaid=math.nan)  # (T, S)
assert states[5, 0] == 90.0, states
assert math.isnan(states[5, 1]), states
assert all(math.isnan(value) for value in (*held[-1], *states[-1])), (held, states)
assert recording.prompts()[0] == "", recording.prompts()
print("as it was")
