"""One client's stream: events in, chunks of frames out. Knows no clock but the one it stamps frames with."""

import time
from collections.abc import Callable, Hashable

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from engine_service.model.ladder import Rung, ladder
from engine_service.runtime.cuda_graph import memory_errors_named
from engine_service.runtime.denoiser import Runtime
from engine_service.runtime.prompts import EncodedPrompt
from engine_service.stream.batch import Calls, DecodeCall, play_alone
from engine_service.stream.buffer import MovingBuffer
from engine_service.stream.player import nothing_new
from engine_service.stream.prompts import PromptTrack
from engine_service.stream.sampler import Conditioning, advance, settle
from engine_service.stream.source import SourceTrack
from engine_service.stream.start import encoded_past
from engine_service.stream.track import OPEN, ActionTrack, StateTrack
from engine_service.types import (
    Actions,
    Applied,
    Chunk,
    Event,
    FarPrompt,
    Frame,
    Past,
    Pause,
    Prompt,
    Release,
    Remark,
    Reset,
    Resume,
    SourceFrame,
    State,
    SwitchProfile,
    Transition,
    UnknownWords,
)
from streamdit.types import Steering


class StreamSession:
    """The moving buffer of one client and the conditioning in force (a `Player`)."""

    def __init__(
        self, runtime: Runtime, *, profile: str, seed: int, now_ns: Callable[[], int] = time.monotonic_ns
    ) -> None:
        """Begins with nothing said: what the world may invent is open, the rest is its first example prompt, its
        resting state and no action."""
        world = runtime.world
        self._runtime = runtime
        self._world = world
        self._seed = seed
        self._now_ns = now_ns
        self._max_references = max(partition.references for partition in world.profiles.values())
        self._profile = profile
        self._partition = world.profiles[profile]
        may = world.may_be_open
        self._state = StateTrack([OPEN] * len(world.state_fields) if Steering.STATE in may else world.resting_state)
        self._actions = ActionTrack(world.actions, may_be_open=Steering.ACTIONS in may)
        self._unsaid_prompt = "" if Steering.PROMPT in may else world.example_prompts[0]
        self._prompts = PromptTrack(self._encoded(self._unsaid_prompt))
        self._says_prompt = False
        longest = max(partition.chunk_size for partition in world.profiles.values())
        self._sources = SourceTrack(world.frames_per_latent, longest, lifetime=round(world.fps))
        self._forget_to: float | None = None  # a noise level, at the next shift
        self._next_frame = 0  # index in media time
        self._last_event_id = 0
        self._waiting: list[int] = []  # events applied since the last chunk
        self._buffer = self._fresh_buffer(seed)
        self._previous: Tensor | None = None  # what the decoder last saw

    @property
    def frames_per_shift(self) -> int:
        """r * c frames."""
        return self._world.frames_per_shift(self._profile)

    @property
    def frame_period_us(self) -> int:
        """Media time between frames."""
        return self._world.frame_period_us

    @property
    def profile(self) -> str:
        """The partition in force, by name."""
        return self._profile

    def apply(self, event: Event) -> tuple[Remark, ...]:
        """Put a checked event into the conditioning of the next micro-step; what is to be said of a prompt."""
        remarks: tuple[Remark, ...] = ()
        match event:
            case Prompt():
                remarks = self._change_prompt(event)
            case State():
                self._state.update(self._next_frame, event.values, event.horizon, event.fields)
            case Actions():
                self._actions.update(self._next_frame, event)
            case Release():
                self._release(event.steering)
            case SourceFrame():
                self._sources.update(self._next_frame, event.rgb, event.strength)
            case Reset():
                self._buffer = self._fresh_buffer(self._seed if event.seed is None else event.seed)
                self._previous = None
                if event.start is not None:
                    self._go_on_from(event.start)
            case SwitchProfile():
                self._partition = self._world.profiles[event.profile]
                self._profile = event.profile
                self._buffer.repartition(self._partition)
            case Pause() | Resume():
                raise ValueError(f"{type(event).__name__} is for the schedule, not for the stream")
        self._last_event_id = max(self._last_event_id, event.event_id)  # the engine's own events have id 0
        self._waiting.append(event.event_id)
        return remarks

    @property
    def rungs(self) -> tuple[Rung, ...]:
        """The ladder of the profile in force, as far as the runtime has graphs for it."""
        lengths = self._runtime.buffer_lengths
        whole = ladder(self._world.profiles[self._profile])
        return tuple(rung for rung in whole if lengths is None or rung.partition.num_latents in lengths)

    def take_rung(self, rung: Rung) -> None:
        """Re-noise what is in flight to the rung's levels."""
        self._partition = rung.partition
        self._buffer.repartition(rung.partition)

    def skip(self, num_frames: int) -> None:
        """Move media time on without frames."""
        self._next_frame += num_frames

    @property
    def batch_group(self) -> Hashable:
        """The denoiser and the length of the buffer."""
        return id(self._runtime.denoiser), self._buffer.partition.num_latents

    @property
    def largest_batch(self) -> int:
        """What the denoiser takes at once."""
        return max(self._runtime.denoiser.batch_sizes)

    def advance(self, listen: Callable[[], None] = nothing_new) -> Chunk:
        """Run one shift by itself."""
        return play_alone(self.shift(listen))

    def shift(self, listen: Callable[[], None] = nothing_new) -> Calls[Chunk]:
        """Run the micro-steps of one shift and decode the chunk that became clean.

        `listen` is called before every micro-step and may `apply` what is conditioning: prompts, states, actions and
        releases. What is not (a reset, another profile) would change the buffer under the micro-steps and has to wait
        for the next shift. So do the forgetting of a FAST prompt, whose words count at once, and a source frame.

        Raises:
            DeviceMemoryError: the device is full; the session is over.
        """
        with memory_errors_named("a session's next frames", self._runtime.latent_device):
            return (yield from self._shift(listen))

    def _shift(self, listen: Callable[[], None]) -> Calls[Chunk]:
        start_ns = self._now_ns()
        source = self._sources.source(self._next_frame, self._buffer.partition, self._encode)
        if self._forget_to is not None:
            self._buffer.forget(self._forget_to)
            self._forget_to = None
        if source is not None:
            self._buffer.redraw(source)

        def conditioning() -> Conditioning:
            listen()
            return Conditioning(self._controls(), self._prompts.at(self._next_frame), source)

        yield from settle(self._buffer, self._runtime.denoiser, conditioning, start_steps=self._world.start_steps)
        yield from advance(self._buffer, self._runtime.denoiser, conditioning)
        chunk = self._buffer.shift()  # (c, C, H, W)
        self._runtime.wait()
        stepped_ns = self._now_ns()
        pictures = []
        for latent in chunk[:, None]:
            previous = latent if self._previous is None else self._previous
            pictures.append((yield DecodeCall(self._runtime.decoder, previous, latent))[0])
            self._previous = latent
        rgb = torch.cat(pictures).numpy()  # (r * c, H, W, 3)
        end_ns = self._now_ns()

        first = self._next_frame
        self._next_frame += len(rgb)
        frames = tuple(
            Frame(
                frame_id=first + i + 1,
                pts_us=(first + i) * self.frame_period_us,
                last_event_id=self._last_event_id,
                rgb=picture,
                generate_start_ns=start_ns,
                generate_end_ns=end_ns,
            )
            for i, picture in enumerate(rgb)
        )
        applied = tuple(Applied(event_id, first + 1, first * self.frame_period_us) for event_id in self._waiting)
        self._waiting.clear()
        return Chunk(frames, applied, (stepped_ns - start_ns) / 1e9, (end_ns - stepped_ns) / 1e9)

    def _fresh_buffer(self, seed: int) -> MovingBuffer:
        runtime = self._runtime
        return MovingBuffer(self._partition, runtime.latent_shape, seed, self._max_references, runtime.latent_device)

    def _change_prompt(self, event: Prompt) -> tuple[Remark, ...]:
        """Let a prompt take over in its own way. The server has it read before it comes here, so it is at hand."""
        read = self._runtime.prompts.read(event.text)
        smooth_frames = event.smooth_frames if event.transition is Transition.SMOOTH else 0
        self._prompts.update(self._next_frame, read.encoded, smooth_frames)
        self._says_prompt = True
        if event.transition is Transition.FAST:
            self._forget_to = event.renoise_to
        remarks: list[Remark] = []
        if read.tokens.unknown_words or read.tokens.read_as:
            remarks.append(UnknownWords(event.event_id, read.tokens.unknown_words, read.tokens.read_as))
        if read.far_from is not None:
            remarks.append(FarPrompt(event.event_id, read.far_from.text, read.far_from.similarity))
        return tuple(remarks)

    def _release(self, steering: frozenset[Steering]) -> None:
        """Un-say what was said of these, from the next frame on."""
        if Steering.STATE in steering:
            self._state.release(self._next_frame)
        if Steering.ACTIONS in steering:
            self._actions.release(self._next_frame)
        if Steering.PROMPT in steering:
            self._prompts.update(self._next_frame, self._encoded(self._unsaid_prompt))
            self._says_prompt = False

    def _go_on_from(self, start: Past | str) -> None:
        """Make a fresh buffer follow on a past: its latents are the references, its controls those of their frames."""
        r = self._world.frames_per_latent
        past = self._runtime.clips[start] if isinstance(start, str) else start
        latents = encoded_past(past, r, self._max_references, self._encode)  # (n, C, H, W)
        self._buffer.go_on_from(latents)
        self._previous = latents[-1:]
        num_frames = len(latents) * r
        self._state.begin(self._next_frame, num_frames, past.states[-num_frames:])
        self._actions.begin(self._next_frame, num_frames, past.actions[-num_frames:])
        if past.prompt and not self._says_prompt:
            self._prompts.update(self._next_frame, self._encoded(past.prompt))

    def _encoded(self, prompt: str) -> EncodedPrompt:
        return self._runtime.prompts.read(prompt).encoded

    def _encode(self, frames: NDArray[np.uint8]) -> Tensor:
        return self._runtime.encoder.encode(torch.from_numpy(frames))

    def _controls(self) -> Tensor:
        """State and actions at every frame of every latent in the buffer, `(1, B, r, S + A)`, NaN where open."""
        r = self._world.frames_per_latent
        partition = self._buffer.partition
        first = self._next_frame - partition.references * r
        frames = range(first, first + partition.num_latents * r)
        values = torch.tensor([self._state.at(i) + self._actions.at(i) for i in frames], dtype=torch.float32)
        return values.view(1, partition.num_latents, r, self._world.num_controls)
