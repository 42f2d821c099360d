from google.protobuf.internal import containers as _containers
from google.protobuf.internal import enum_type_wrapper as _enum_type_wrapper
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class Steering(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    STEERING_UNSPECIFIED: _ClassVar[Steering]
    STEERING_PROMPT: _ClassVar[Steering]
    STEERING_STATE: _ClassVar[Steering]
    STEERING_ACTIONS: _ClassVar[Steering]

class ActionKind(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    ACTION_KIND_UNSPECIFIED: _ClassVar[ActionKind]
    ACTION_KIND_BUTTON: _ClassVar[ActionKind]
    ACTION_KIND_AXIS: _ClassVar[ActionKind]

class Encoding(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    ENCODING_UNSPECIFIED: _ClassVar[Encoding]
    ENCODING_JPEG: _ClassVar[Encoding]
    ENCODING_RGB24: _ClassVar[Encoding]

class Delivery(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    DELIVERY_UNSPECIFIED: _ClassVar[Delivery]
    DELIVERY_LATEST: _ClassVar[Delivery]
    DELIVERY_LOCKSTEP: _ClassVar[Delivery]
    DELIVERY_ALL: _ClassVar[Delivery]

class PromptTransition(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    PROMPT_TRANSITION_UNSPECIFIED: _ClassVar[PromptTransition]
    PROMPT_TRANSITION_IMMEDIATE: _ClassVar[PromptTransition]
    PROMPT_TRANSITION_SMOOTH: _ClassVar[PromptTransition]
    PROMPT_TRANSITION_FAST: _ClassVar[PromptTransition]

class RejectReason(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    REJECT_REASON_UNSPECIFIED: _ClassVar[RejectReason]
    REJECT_REASON_OPEN_EXPECTED: _ClassVar[RejectReason]
    REJECT_REASON_OPEN_REPEATED: _ClassVar[RejectReason]
    REJECT_REASON_EMPTY_MESSAGE: _ClassVar[RejectReason]
    REJECT_REASON_API_VERSION_UNSUPPORTED: _ClassVar[RejectReason]
    REJECT_REASON_UNKNOWN_WORLD: _ClassVar[RejectReason]
    REJECT_REASON_UNKNOWN_PROFILE: _ClassVar[RejectReason]
    REJECT_REASON_NO_COMMON_ENCODING: _ClassVar[RejectReason]
    REJECT_REASON_SERVER_FULL: _ClassVar[RejectReason]
    REJECT_REASON_EVENT_ID_NOT_RISING: _ClassVar[RejectReason]
    REJECT_REASON_PROMPT_EMPTY: _ClassVar[RejectReason]
    REJECT_REASON_PROMPT_TOO_LONG: _ClassVar[RejectReason]
    REJECT_REASON_PROMPT_UNKNOWN: _ClassVar[RejectReason]
    REJECT_REASON_STATE_LENGTH: _ClassVar[RejectReason]
    REJECT_REASON_STATE_NOT_FINITE: _ClassVar[RejectReason]
    REJECT_REASON_STATE_OUT_OF_RANGE: _ClassVar[RejectReason]
    REJECT_REASON_HORIZON_TOO_LONG: _ClassVar[RejectReason]
    REJECT_REASON_UNKNOWN_ACTION: _ClassVar[RejectReason]
    REJECT_REASON_UNKNOWN_COMMAND: _ClassVar[RejectReason]
    REJECT_REASON_ACK_UNKNOWN_FRAME: _ClassVar[RejectReason]
    REJECT_REASON_OUT_OF_RANGE: _ClassVar[RejectReason]
    REJECT_REASON_UNAUTHENTICATED: _ClassVar[RejectReason]
    REJECT_REASON_UNKNOWN_TRANSITION: _ClassVar[RejectReason]
    REJECT_REASON_SOURCE_SIZE: _ClassVar[RejectReason]
    REJECT_REASON_SOURCE_UNREADABLE: _ClassVar[RejectReason]
    REJECT_REASON_SOURCE_NOT_TAKEN: _ClassVar[RejectReason]
    REJECT_REASON_ACTIONS_NOT_TAKEN: _ClassVar[RejectReason]
    REJECT_REASON_ACTION_REPEATED: _ClassVar[RejectReason]
    REJECT_REASON_ACTION_OUT_OF_RANGE: _ClassVar[RejectReason]
    REJECT_REASON_ACTIONS_EXCLUSIVE: _ClassVar[RejectReason]
    REJECT_REASON_UNKNOWN_STATE_FIELD: _ClassVar[RejectReason]
    REJECT_REASON_STATE_FIELD_REPEATED: _ClassVar[RejectReason]
    REJECT_REASON_CANNOT_BE_OPEN: _ClassVar[RejectReason]
    REJECT_REASON_UNKNOWN_START_CLIP: _ClassVar[RejectReason]
    REJECT_REASON_START_DOES_NOT_FIT: _ClassVar[RejectReason]
    REJECT_REASON_START_UNREADABLE: _ClassVar[RejectReason]

class NoticeCode(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    NOTICE_CODE_UNSPECIFIED: _ClassVar[NoticeCode]
    NOTICE_CODE_UNKNOWN_WORDS: _ClassVar[NoticeCode]
    NOTICE_CODE_LATE: _ClassVar[NoticeCode]
    NOTICE_CODE_RUNG_CHANGED: _ClassVar[NoticeCode]
    NOTICE_CODE_FAR_PROMPT: _ClassVar[NoticeCode]
    NOTICE_CODE_ACTIONS_RELEASED: _ClassVar[NoticeCode]

class ClosedReason(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    CLOSED_REASON_UNSPECIFIED: _ClassVar[ClosedReason]
    CLOSED_REASON_CLIENT_CLOSED: _ClassVar[ClosedReason]
    CLOSED_REASON_CLIENT_GONE: _ClassVar[ClosedReason]
    CLOSED_REASON_IDLE: _ClassVar[ClosedReason]
    CLOSED_REASON_TOO_SLOW: _ClassVar[ClosedReason]
    CLOSED_REASON_SERVER_DRAINING: _ClassVar[ClosedReason]
    CLOSED_REASON_ENGINE_FAILED: _ClassVar[ClosedReason]
    CLOSED_REASON_CONNECTION_LOST: _ClassVar[ClosedReason]
    CLOSED_REASON_REJECTED: _ClassVar[ClosedReason]
STEERING_UNSPECIFIED: Steering
STEERING_PROMPT: Steering
STEERING_STATE: Steering
STEERING_ACTIONS: Steering
ACTION_KIND_UNSPECIFIED: ActionKind
ACTION_KIND_BUTTON: ActionKind
ACTION_KIND_AXIS: ActionKind
ENCODING_UNSPECIFIED: Encoding
ENCODING_JPEG: Encoding
ENCODING_RGB24: Encoding
DELIVERY_UNSPECIFIED: Delivery
DELIVERY_LATEST: Delivery
DELIVERY_LOCKSTEP: Delivery
DELIVERY_ALL: Delivery
PROMPT_TRANSITION_UNSPECIFIED: PromptTransition
PROMPT_TRANSITION_IMMEDIATE: PromptTransition
PROMPT_TRANSITION_SMOOTH: PromptTransition
PROMPT_TRANSITION_FAST: PromptTransition
REJECT_REASON_UNSPECIFIED: RejectReason
REJECT_REASON_OPEN_EXPECTED: RejectReason
REJECT_REASON_OPEN_REPEATED: RejectReason
REJECT_REASON_EMPTY_MESSAGE: RejectReason
REJECT_REASON_API_VERSION_UNSUPPORTED: RejectReason
REJECT_REASON_UNKNOWN_WORLD: RejectReason
REJECT_REASON_UNKNOWN_PROFILE: RejectReason
REJECT_REASON_NO_COMMON_ENCODING: RejectReason
REJECT_REASON_SERVER_FULL: RejectReason
REJECT_REASON_EVENT_ID_NOT_RISING: RejectReason
REJECT_REASON_PROMPT_EMPTY: RejectReason
REJECT_REASON_PROMPT_TOO_LONG: RejectReason
REJECT_REASON_PROMPT_UNKNOWN: RejectReason
REJECT_REASON_STATE_LENGTH: RejectReason
REJECT_REASON_STATE_NOT_FINITE: RejectReason
REJECT_REASON_STATE_OUT_OF_RANGE: RejectReason
REJECT_REASON_HORIZON_TOO_LONG: RejectReason
REJECT_REASON_UNKNOWN_ACTION: RejectReason
REJECT_REASON_UNKNOWN_COMMAND: RejectReason
REJECT_REASON_ACK_UNKNOWN_FRAME: RejectReason
REJECT_REASON_OUT_OF_RANGE: RejectReason
REJECT_REASON_UNAUTHENTICATED: RejectReason
REJECT_REASON_UNKNOWN_TRANSITION: RejectReason
REJECT_REASON_SOURCE_SIZE: RejectReason
REJECT_REASON_SOURCE_UNREADABLE: RejectReason
REJECT_REASON_SOURCE_NOT_TAKEN: RejectReason
REJECT_REASON_ACTIONS_NOT_TAKEN: RejectReason
REJECT_REASON_ACTION_REPEATED: RejectReason
REJECT_REASON_ACTION_OUT_OF_RANGE: RejectReason
REJECT_REASON_ACTIONS_EXCLUSIVE: RejectReason
REJECT_REASON_UNKNOWN_STATE_FIELD: RejectReason
REJECT_REASON_STATE_FIELD_REPEATED: RejectReason
REJECT_REASON_CANNOT_BE_OPEN: RejectReason
REJECT_REASON_UNKNOWN_START_CLIP: RejectReason
REJECT_REASON_START_DOES_NOT_FIT: RejectReason
REJECT_REASON_START_UNREADABLE: RejectReason
NOTICE_CODE_UNSPECIFIED: NoticeCode
NOTICE_CODE_UNKNOWN_WORDS: NoticeCode
NOTICE_CODE_LATE: NoticeCode
NOTICE_CODE_RUNG_CHANGED: NoticeCode
NOTICE_CODE_FAR_PROMPT: NoticeCode
NOTICE_CODE_ACTIONS_RELEASED: NoticeCode
CLOSED_REASON_UNSPECIFIED: ClosedReason
CLOSED_REASON_CLIENT_CLOSED: ClosedReason
CLOSED_REASON_CLIENT_GONE: ClosedReason
CLOSED_REASON_IDLE: ClosedReason
CLOSED_REASON_TOO_SLOW: ClosedReason
CLOSED_REASON_SERVER_DRAINING: ClosedReason
CLOSED_REASON_ENGINE_FAILED: ClosedReason
CLOSED_REASON_CONNECTION_LOST: ClosedReason
CLOSED_REASON_REJECTED: ClosedReason

class GetServerInfoRequest(_message.Message):
    __slots__ = ()
    def __init__(self) -> None: ...

class GetServerInfoResponse(_message.Message):
    __slots__ = ("server_version", "api_version", "worlds", "backend", "device", "max_sessions", "active_sessions")
    SERVER_VERSION_FIELD_NUMBER: _ClassVar[int]
    API_VERSION_FIELD_NUMBER: _ClassVar[int]
    WORLDS_FIELD_NUMBER: _ClassVar[int]
    BACKEND_FIELD_NUMBER: _ClassVar[int]
    DEVICE_FIELD_NUMBER: _ClassVar[int]
    MAX_SESSIONS_FIELD_NUMBER: _ClassVar[int]
    ACTIVE_SESSIONS_FIELD_NUMBER: _ClassVar[int]
    server_version: str
    api_version: int
    worlds: _containers.RepeatedCompositeFieldContainer[WorldInfo]
    backend: str
    device: str
    max_sessions: int
    active_sessions: int
    def __init__(self, server_version: _Optional[str] = ..., api_version: _Optional[int] = ..., worlds: _Optional[_Iterable[_Union[WorldInfo, _Mapping]]] = ..., backend: _Optional[str] = ..., device: _Optional[str] = ..., max_sessions: _Optional[int] = ..., active_sessions: _Optional[int] = ...) -> None: ...

class WorldInfo(_message.Message):
    __slots__ = ("name", "description", "fps", "width", "height", "state_fields", "profiles", "default_profile", "example_prompts", "vocabulary", "takes_source_frames", "actions", "steered_by", "may_be_open", "start_clips", "frames_per_latent")
    NAME_FIELD_NUMBER: _ClassVar[int]
    DESCRIPTION_FIELD_NUMBER: _ClassVar[int]
    FPS_FIELD_NUMBER: _ClassVar[int]
    WIDTH_FIELD_NUMBER: _ClassVar[int]
    HEIGHT_FIELD_NUMBER: _ClassVar[int]
    STATE_FIELDS_FIELD_NUMBER: _ClassVar[int]
    PROFILES_FIELD_NUMBER: _ClassVar[int]
    DEFAULT_PROFILE_FIELD_NUMBER: _ClassVar[int]
    EXAMPLE_PROMPTS_FIELD_NUMBER: _ClassVar[int]
    VOCABULARY_FIELD_NUMBER: _ClassVar[int]
    TAKES_SOURCE_FRAMES_FIELD_NUMBER: _ClassVar[int]
    ACTIONS_FIELD_NUMBER: _ClassVar[int]
    STEERED_BY_FIELD_NUMBER: _ClassVar[int]
    MAY_BE_OPEN_FIELD_NUMBER: _ClassVar[int]
    START_CLIPS_FIELD_NUMBER: _ClassVar[int]
    FRAMES_PER_LATENT_FIELD_NUMBER: _ClassVar[int]
    name: str
    description: str
    fps: float
    width: int
    height: int
    state_fields: _containers.RepeatedCompositeFieldContainer[StateField]
    profiles: _containers.RepeatedCompositeFieldContainer[ProfileInfo]
    default_profile: str
    example_prompts: _containers.RepeatedScalarFieldContainer[str]
    vocabulary: _containers.RepeatedScalarFieldContainer[str]
    takes_source_frames: bool
    actions: _containers.RepeatedCompositeFieldContainer[ActionInfo]
    steered_by: _containers.RepeatedScalarFieldContainer[Steering]
    may_be_open: _containers.RepeatedScalarFieldContainer[Steering]
    start_clips: _containers.RepeatedScalarFieldContainer[str]
    frames_per_latent: int
    def __init__(self, name: _Optional[str] = ..., description: _Optional[str] = ..., fps: _Optional[float] = ..., width: _Optional[int] = ..., height: _Optional[int] = ..., state_fields: _Optional[_Iterable[_Union[StateField, _Mapping]]] = ..., profiles: _Optional[_Iterable[_Union[ProfileInfo, _Mapping]]] = ..., default_profile: _Optional[str] = ..., example_prompts: _Optional[_Iterable[str]] = ..., vocabulary: _Optional[_Iterable[str]] = ..., takes_source_frames: _Optional[bool] = ..., actions: _Optional[_Iterable[_Union[ActionInfo, _Mapping]]] = ..., steered_by: _Optional[_Iterable[_Union[Steering, str]]] = ..., may_be_open: _Optional[_Iterable[_Union[Steering, str]]] = ..., start_clips: _Optional[_Iterable[str]] = ..., frames_per_latent: _Optional[int] = ...) -> None: ...

class ActionInfo(_message.Message):
    __slots__ = ("name", "kind", "min", "max", "group", "default_key", "description")
    NAME_FIELD_NUMBER: _ClassVar[int]
    KIND_FIELD_NUMBER: _ClassVar[int]
    MIN_FIELD_NUMBER: _ClassVar[int]
    MAX_FIELD_NUMBER: _ClassVar[int]
    GROUP_FIELD_NUMBER: _ClassVar[int]
    DEFAULT_KEY_FIELD_NUMBER: _ClassVar[int]
    DESCRIPTION_FIELD_NUMBER: _ClassVar[int]
    name: str
    kind: ActionKind
    min: float
    max: float
    group: str
    default_key: str
    description: str
    def __init__(self, name: _Optional[str] = ..., kind: _Optional[_Union[ActionKind, str]] = ..., min: _Optional[float] = ..., max: _Optional[float] = ..., group: _Optional[str] = ..., default_key: _Optional[str] = ..., description: _Optional[str] = ...) -> None: ...

class StateField(_message.Message):
    __slots__ = ("name", "min", "max", "periodic", "initial")
    NAME_FIELD_NUMBER: _ClassVar[int]
    MIN_FIELD_NUMBER: _ClassVar[int]
    MAX_FIELD_NUMBER: _ClassVar[int]
    PERIODIC_FIELD_NUMBER: _ClassVar[int]
    INITIAL_FIELD_NUMBER: _ClassVar[int]
    name: str
    min: float
    max: float
    periodic: bool
    initial: float
    def __init__(self, name: _Optional[str] = ..., min: _Optional[float] = ..., max: _Optional[float] = ..., periodic: _Optional[bool] = ..., initial: _Optional[float] = ...) -> None: ...

class ProfileInfo(_message.Message):
    __slots__ = ("name", "references", "chunks", "chunk_size", "steps_per_shift", "frames_per_shift")
    NAME_FIELD_NUMBER: _ClassVar[int]
    REFERENCES_FIELD_NUMBER: _ClassVar[int]
    CHUNKS_FIELD_NUMBER: _ClassVar[int]
    CHUNK_SIZE_FIELD_NUMBER: _ClassVar[int]
    STEPS_PER_SHIFT_FIELD_NUMBER: _ClassVar[int]
    FRAMES_PER_SHIFT_FIELD_NUMBER: _ClassVar[int]
    name: str
    references: int
    chunks: int
    chunk_size: int
    steps_per_shift: int
    frames_per_shift: int
    def __init__(self, name: _Optional[str] = ..., references: _Optional[int] = ..., chunks: _Optional[int] = ..., chunk_size: _Optional[int] = ..., steps_per_shift: _Optional[int] = ..., frames_per_shift: _Optional[int] = ...) -> None: ...

class ClientMessage(_message.Message):
    __slots__ = ("event_id", "client_time_us", "open", "prompt", "state", "control", "ack", "heartbeat", "close", "source_frame", "actions")
    EVENT_ID_FIELD_NUMBER: _ClassVar[int]
    CLIENT_TIME_US_FIELD_NUMBER: _ClassVar[int]
    OPEN_FIELD_NUMBER: _ClassVar[int]
    PROMPT_FIELD_NUMBER: _ClassVar[int]
    STATE_FIELD_NUMBER: _ClassVar[int]
    CONTROL_FIELD_NUMBER: _ClassVar[int]
    ACK_FIELD_NUMBER: _ClassVar[int]
    HEARTBEAT_FIELD_NUMBER: _ClassVar[int]
    CLOSE_FIELD_NUMBER: _ClassVar[int]
    SOURCE_FRAME_FIELD_NUMBER: _ClassVar[int]
    ACTIONS_FIELD_NUMBER: _ClassVar[int]
    event_id: int
    client_time_us: int
    open: Open
    prompt: Prompt
    state: State
    control: Control
    ack: Ack
    heartbeat: Heartbeat
    close: Close
    source_frame: SourceFrame
    actions: Actions
    def __init__(self, event_id: _Optional[int] = ..., client_time_us: _Optional[int] = ..., open: _Optional[_Union[Open, _Mapping]] = ..., prompt: _Optional[_Union[Prompt, _Mapping]] = ..., state: _Optional[_Union[State, _Mapping]] = ..., control: _Optional[_Union[Control, _Mapping]] = ..., ack: _Optional[_Union[Ack, _Mapping]] = ..., heartbeat: _Optional[_Union[Heartbeat, _Mapping]] = ..., close: _Optional[_Union[Close, _Mapping]] = ..., source_frame: _Optional[_Union[SourceFrame, _Mapping]] = ..., actions: _Optional[_Union[Actions, _Mapping]] = ...) -> None: ...

class Open(_message.Message):
    __slots__ = ("api_version", "sdk_name", "sdk_version", "world", "encodings", "profile", "seed", "delivery", "window", "prompt", "state", "jpeg_quality", "resume_token", "actions", "start", "received_frame_id")
    API_VERSION_FIELD_NUMBER: _ClassVar[int]
    SDK_NAME_FIELD_NUMBER: _ClassVar[int]
    SDK_VERSION_FIELD_NUMBER: _ClassVar[int]
    WORLD_FIELD_NUMBER: _ClassVar[int]
    ENCODINGS_FIELD_NUMBER: _ClassVar[int]
    PROFILE_FIELD_NUMBER: _ClassVar[int]
    SEED_FIELD_NUMBER: _ClassVar[int]
    DELIVERY_FIELD_NUMBER: _ClassVar[int]
    WINDOW_FIELD_NUMBER: _ClassVar[int]
    PROMPT_FIELD_NUMBER: _ClassVar[int]
    STATE_FIELD_NUMBER: _ClassVar[int]
    JPEG_QUALITY_FIELD_NUMBER: _ClassVar[int]
    RESUME_TOKEN_FIELD_NUMBER: _ClassVar[int]
    ACTIONS_FIELD_NUMBER: _ClassVar[int]
    START_FIELD_NUMBER: _ClassVar[int]
    RECEIVED_FRAME_ID_FIELD_NUMBER: _ClassVar[int]
    api_version: int
    sdk_name: str
    sdk_version: str
    world: str
    encodings: _containers.RepeatedScalarFieldContainer[Encoding]
    profile: str
    seed: int
    delivery: Delivery
    window: int
    prompt: Prompt
    state: State
    jpeg_quality: int
    resume_token: str
    actions: Actions
    start: Start
    received_frame_id: int
    def __init__(self, api_version: _Optional[int] = ..., sdk_name: _Optional[str] = ..., sdk_version: _Optional[str] = ..., world: _Optional[str] = ..., encodings: _Optional[_Iterable[_Union[Encoding, str]]] = ..., profile: _Optional[str] = ..., seed: _Optional[int] = ..., delivery: _Optional[_Union[Delivery, str]] = ..., window: _Optional[int] = ..., prompt: _Optional[_Union[Prompt, _Mapping]] = ..., state: _Optional[_Union[State, _Mapping]] = ..., jpeg_quality: _Optional[int] = ..., resume_token: _Optional[str] = ..., actions: _Optional[_Union[Actions, _Mapping]] = ..., start: _Optional[_Union[Start, _Mapping]] = ..., received_frame_id: _Optional[int] = ...) -> None: ...

class Start(_message.Message):
    __slots__ = ("clip", "frames")
    CLIP_FIELD_NUMBER: _ClassVar[int]
    FRAMES_FIELD_NUMBER: _ClassVar[int]
    clip: str
    frames: StartFrames
    def __init__(self, clip: _Optional[str] = ..., frames: _Optional[_Union[StartFrames, _Mapping]] = ...) -> None: ...

class StartFrames(_message.Message):
    __slots__ = ("encoding", "width", "height", "payloads", "states", "actions")
    ENCODING_FIELD_NUMBER: _ClassVar[int]
    WIDTH_FIELD_NUMBER: _ClassVar[int]
    HEIGHT_FIELD_NUMBER: _ClassVar[int]
    PAYLOADS_FIELD_NUMBER: _ClassVar[int]
    STATES_FIELD_NUMBER: _ClassVar[int]
    ACTIONS_FIELD_NUMBER: _ClassVar[int]
    encoding: Encoding
    width: int
    height: int
    payloads: _containers.RepeatedScalarFieldContainer[bytes]
    states: _containers.RepeatedCompositeFieldContainer[StateStep]
    actions: _containers.RepeatedCompositeFieldContainer[ActionsStep]
    def __init__(self, encoding: _Optional[_Union[Encoding, str]] = ..., width: _Optional[int] = ..., height: _Optional[int] = ..., payloads: _Optional[_Iterable[bytes]] = ..., states: _Optional[_Iterable[_Union[StateStep, _Mapping]]] = ..., actions: _Optional[_Iterable[_Union[ActionsStep, _Mapping]]] = ...) -> None: ...

class Prompt(_message.Message):
    __slots__ = ("text", "transition", "smooth_frames", "renoise_to")
    TEXT_FIELD_NUMBER: _ClassVar[int]
    TRANSITION_FIELD_NUMBER: _ClassVar[int]
    SMOOTH_FRAMES_FIELD_NUMBER: _ClassVar[int]
    RENOISE_TO_FIELD_NUMBER: _ClassVar[int]
    text: str
    transition: PromptTransition
    smooth_frames: int
    renoise_to: float
    def __init__(self, text: _Optional[str] = ..., transition: _Optional[_Union[PromptTransition, str]] = ..., smooth_frames: _Optional[int] = ..., renoise_to: _Optional[float] = ...) -> None: ...

class SourceFrame(_message.Message):
    __slots__ = ("encoding", "width", "height", "payload", "strength")
    ENCODING_FIELD_NUMBER: _ClassVar[int]
    WIDTH_FIELD_NUMBER: _ClassVar[int]
    HEIGHT_FIELD_NUMBER: _ClassVar[int]
    PAYLOAD_FIELD_NUMBER: _ClassVar[int]
    STRENGTH_FIELD_NUMBER: _ClassVar[int]
    encoding: Encoding
    width: int
    height: int
    payload: bytes
    strength: float
    def __init__(self, encoding: _Optional[_Union[Encoding, str]] = ..., width: _Optional[int] = ..., height: _Optional[int] = ..., payload: _Optional[bytes] = ..., strength: _Optional[float] = ...) -> None: ...

class State(_message.Message):
    __slots__ = ("values", "horizon", "fields")
    VALUES_FIELD_NUMBER: _ClassVar[int]
    HORIZON_FIELD_NUMBER: _ClassVar[int]
    FIELDS_FIELD_NUMBER: _ClassVar[int]
    values: _containers.RepeatedScalarFieldContainer[float]
    horizon: _containers.RepeatedCompositeFieldContainer[StateStep]
    fields: _containers.RepeatedScalarFieldContainer[str]
    def __init__(self, values: _Optional[_Iterable[float]] = ..., horizon: _Optional[_Iterable[_Union[StateStep, _Mapping]]] = ..., fields: _Optional[_Iterable[str]] = ...) -> None: ...

class StateStep(_message.Message):
    __slots__ = ("values",)
    VALUES_FIELD_NUMBER: _ClassVar[int]
    values: _containers.RepeatedScalarFieldContainer[float]
    def __init__(self, values: _Optional[_Iterable[float]] = ...) -> None: ...

class Actions(_message.Message):
    __slots__ = ("values", "horizon")
    VALUES_FIELD_NUMBER: _ClassVar[int]
    HORIZON_FIELD_NUMBER: _ClassVar[int]
    values: _containers.RepeatedCompositeFieldContainer[ActionValue]
    horizon: _containers.RepeatedCompositeFieldContainer[ActionsStep]
    def __init__(self, values: _Optional[_Iterable[_Union[ActionValue, _Mapping]]] = ..., horizon: _Optional[_Iterable[_Union[ActionsStep, _Mapping]]] = ...) -> None: ...

class ActionValue(_message.Message):
    __slots__ = ("name", "value")
    NAME_FIELD_NUMBER: _ClassVar[int]
    VALUE_FIELD_NUMBER: _ClassVar[int]
    name: str
    value: float
    def __init__(self, name: _Optional[str] = ..., value: _Optional[float] = ...) -> None: ...

class ActionsStep(_message.Message):
    __slots__ = ("values",)
    VALUES_FIELD_NUMBER: _ClassVar[int]
    values: _containers.RepeatedCompositeFieldContainer[ActionValue]
    def __init__(self, values: _Optional[_Iterable[_Union[ActionValue, _Mapping]]] = ...) -> None: ...

class Control(_message.Message):
    __slots__ = ("pause", "resume", "reset", "switch_profile", "release")
    PAUSE_FIELD_NUMBER: _ClassVar[int]
    RESUME_FIELD_NUMBER: _ClassVar[int]
    RESET_FIELD_NUMBER: _ClassVar[int]
    SWITCH_PROFILE_FIELD_NUMBER: _ClassVar[int]
    RELEASE_FIELD_NUMBER: _ClassVar[int]
    pause: Pause
    resume: Resume
    reset: Reset
    switch_profile: SwitchProfile
    release: Release
    def __init__(self, pause: _Optional[_Union[Pause, _Mapping]] = ..., resume: _Optional[_Union[Resume, _Mapping]] = ..., reset: _Optional[_Union[Reset, _Mapping]] = ..., switch_profile: _Optional[_Union[SwitchProfile, _Mapping]] = ..., release: _Optional[_Union[Release, _Mapping]] = ...) -> None: ...

class Pause(_message.Message):
    __slots__ = ()
    def __init__(self) -> None: ...

class Resume(_message.Message):
    __slots__ = ()
    def __init__(self) -> None: ...

class Reset(_message.Message):
    __slots__ = ("seed", "start")
    SEED_FIELD_NUMBER: _ClassVar[int]
    START_FIELD_NUMBER: _ClassVar[int]
    seed: int
    start: Start
    def __init__(self, seed: _Optional[int] = ..., start: _Optional[_Union[Start, _Mapping]] = ...) -> None: ...

class Release(_message.Message):
    __slots__ = ("steering",)
    STEERING_FIELD_NUMBER: _ClassVar[int]
    steering: _containers.RepeatedScalarFieldContainer[Steering]
    def __init__(self, steering: _Optional[_Iterable[_Union[Steering, str]]] = ...) -> None: ...

class SwitchProfile(_message.Message):
    __slots__ = ("name",)
    NAME_FIELD_NUMBER: _ClassVar[int]
    name: str
    def __init__(self, name: _Optional[str] = ...) -> None: ...

class Ack(_message.Message):
    __slots__ = ("frame_id", "received_time_us", "shown_time_us")
    FRAME_ID_FIELD_NUMBER: _ClassVar[int]
    RECEIVED_TIME_US_FIELD_NUMBER: _ClassVar[int]
    SHOWN_TIME_US_FIELD_NUMBER: _ClassVar[int]
    frame_id: int
    received_time_us: int
    shown_time_us: int
    def __init__(self, frame_id: _Optional[int] = ..., received_time_us: _Optional[int] = ..., shown_time_us: _Optional[int] = ...) -> None: ...

class Heartbeat(_message.Message):
    __slots__ = ("client_time_us", "server_time_us")
    CLIENT_TIME_US_FIELD_NUMBER: _ClassVar[int]
    SERVER_TIME_US_FIELD_NUMBER: _ClassVar[int]
    client_time_us: int
    server_time_us: int
    def __init__(self, client_time_us: _Optional[int] = ..., server_time_us: _Optional[int] = ...) -> None: ...

class Close(_message.Message):
    __slots__ = ("detail",)
    DETAIL_FIELD_NUMBER: _ClassVar[int]
    detail: str
    def __init__(self, detail: _Optional[str] = ...) -> None: ...

class ServerMessage(_message.Message):
    __slots__ = ("opened", "frame", "event_applied", "event_rejected", "notice", "stats", "heartbeat", "draining", "closed")
    OPENED_FIELD_NUMBER: _ClassVar[int]
    FRAME_FIELD_NUMBER: _ClassVar[int]
    EVENT_APPLIED_FIELD_NUMBER: _ClassVar[int]
    EVENT_REJECTED_FIELD_NUMBER: _ClassVar[int]
    NOTICE_FIELD_NUMBER: _ClassVar[int]
    STATS_FIELD_NUMBER: _ClassVar[int]
    HEARTBEAT_FIELD_NUMBER: _ClassVar[int]
    DRAINING_FIELD_NUMBER: _ClassVar[int]
    CLOSED_FIELD_NUMBER: _ClassVar[int]
    opened: Opened
    frame: Frame
    event_applied: EventApplied
    event_rejected: EventRejected
    notice: Notice
    stats: Stats
    heartbeat: Heartbeat
    draining: Draining
    closed: Closed
    def __init__(self, opened: _Optional[_Union[Opened, _Mapping]] = ..., frame: _Optional[_Union[Frame, _Mapping]] = ..., event_applied: _Optional[_Union[EventApplied, _Mapping]] = ..., event_rejected: _Optional[_Union[EventRejected, _Mapping]] = ..., notice: _Optional[_Union[Notice, _Mapping]] = ..., stats: _Optional[_Union[Stats, _Mapping]] = ..., heartbeat: _Optional[_Union[Heartbeat, _Mapping]] = ..., draining: _Optional[_Union[Draining, _Mapping]] = ..., closed: _Optional[_Union[Closed, _Mapping]] = ...) -> None: ...

class Opened(_message.Message):
    __slots__ = ("session_id", "world", "encoding", "profile", "seed", "delivery", "window", "api_version", "idle_timeout_s", "max_prompt_chars", "max_horizon_frames", "server_time_us", "resume_token", "resume_s", "resumed", "last_event_id", "steered_by", "actions_timeout_s")
    SESSION_ID_FIELD_NUMBER: _ClassVar[int]
    WORLD_FIELD_NUMBER: _ClassVar[int]
    ENCODING_FIELD_NUMBER: _ClassVar[int]
    PROFILE_FIELD_NUMBER: _ClassVar[int]
    SEED_FIELD_NUMBER: _ClassVar[int]
    DELIVERY_FIELD_NUMBER: _ClassVar[int]
    WINDOW_FIELD_NUMBER: _ClassVar[int]
    API_VERSION_FIELD_NUMBER: _ClassVar[int]
    IDLE_TIMEOUT_S_FIELD_NUMBER: _ClassVar[int]
    MAX_PROMPT_CHARS_FIELD_NUMBER: _ClassVar[int]
    MAX_HORIZON_FRAMES_FIELD_NUMBER: _ClassVar[int]
    SERVER_TIME_US_FIELD_NUMBER: _ClassVar[int]
    RESUME_TOKEN_FIELD_NUMBER: _ClassVar[int]
    RESUME_S_FIELD_NUMBER: _ClassVar[int]
    RESUMED_FIELD_NUMBER: _ClassVar[int]
    LAST_EVENT_ID_FIELD_NUMBER: _ClassVar[int]
    STEERED_BY_FIELD_NUMBER: _ClassVar[int]
    ACTIONS_TIMEOUT_S_FIELD_NUMBER: _ClassVar[int]
    session_id: str
    world: WorldInfo
    encoding: Encoding
    profile: str
    seed: int
    delivery: Delivery
    window: int
    api_version: int
    idle_timeout_s: float
    max_prompt_chars: int
    max_horizon_frames: int
    server_time_us: int
    resume_token: str
    resume_s: float
    resumed: bool
    last_event_id: int
    steered_by: _containers.RepeatedScalarFieldContainer[Steering]
    actions_timeout_s: float
    def __init__(self, session_id: _Optional[str] = ..., world: _Optional[_Union[WorldInfo, _Mapping]] = ..., encoding: _Optional[_Union[Encoding, str]] = ..., profile: _Optional[str] = ..., seed: _Optional[int] = ..., delivery: _Optional[_Union[Delivery, str]] = ..., window: _Optional[int] = ..., api_version: _Optional[int] = ..., idle_timeout_s: _Optional[float] = ..., max_prompt_chars: _Optional[int] = ..., max_horizon_frames: _Optional[int] = ..., server_time_us: _Optional[int] = ..., resume_token: _Optional[str] = ..., resume_s: _Optional[float] = ..., resumed: _Optional[bool] = ..., last_event_id: _Optional[int] = ..., steered_by: _Optional[_Iterable[_Union[Steering, str]]] = ..., actions_timeout_s: _Optional[float] = ...) -> None: ...

class Frame(_message.Message):
    __slots__ = ("frame_id", "pts_us", "last_event_id", "encoding", "width", "height", "payload", "generate_start_us", "generate_end_us", "send_us", "encode_us", "rung", "dropped_before")
    FRAME_ID_FIELD_NUMBER: _ClassVar[int]
    PTS_US_FIELD_NUMBER: _ClassVar[int]
    LAST_EVENT_ID_FIELD_NUMBER: _ClassVar[int]
    ENCODING_FIELD_NUMBER: _ClassVar[int]
    WIDTH_FIELD_NUMBER: _ClassVar[int]
    HEIGHT_FIELD_NUMBER: _ClassVar[int]
    PAYLOAD_FIELD_NUMBER: _ClassVar[int]
    GENERATE_START_US_FIELD_NUMBER: _ClassVar[int]
    GENERATE_END_US_FIELD_NUMBER: _ClassVar[int]
    SEND_US_FIELD_NUMBER: _ClassVar[int]
    ENCODE_US_FIELD_NUMBER: _ClassVar[int]
    RUNG_FIELD_NUMBER: _ClassVar[int]
    DROPPED_BEFORE_FIELD_NUMBER: _ClassVar[int]
    frame_id: int
    pts_us: int
    last_event_id: int
    encoding: Encoding
    width: int
    height: int
    payload: bytes
    generate_start_us: int
    generate_end_us: int
    send_us: int
    encode_us: int
    rung: int
    dropped_before: Drops
    def __init__(self, frame_id: _Optional[int] = ..., pts_us: _Optional[int] = ..., last_event_id: _Optional[int] = ..., encoding: _Optional[_Union[Encoding, str]] = ..., width: _Optional[int] = ..., height: _Optional[int] = ..., payload: _Optional[bytes] = ..., generate_start_us: _Optional[int] = ..., generate_end_us: _Optional[int] = ..., send_us: _Optional[int] = ..., encode_us: _Optional[int] = ..., rung: _Optional[int] = ..., dropped_before: _Optional[_Union[Drops, _Mapping]] = ...) -> None: ...

class Drops(_message.Message):
    __slots__ = ("generate", "encode", "network")
    GENERATE_FIELD_NUMBER: _ClassVar[int]
    ENCODE_FIELD_NUMBER: _ClassVar[int]
    NETWORK_FIELD_NUMBER: _ClassVar[int]
    generate: int
    encode: int
    network: int
    def __init__(self, generate: _Optional[int] = ..., encode: _Optional[int] = ..., network: _Optional[int] = ...) -> None: ...

class EventApplied(_message.Message):
    __slots__ = ("event_id", "frame_id", "pts_us", "replaced_by")
    EVENT_ID_FIELD_NUMBER: _ClassVar[int]
    FRAME_ID_FIELD_NUMBER: _ClassVar[int]
    PTS_US_FIELD_NUMBER: _ClassVar[int]
    REPLACED_BY_FIELD_NUMBER: _ClassVar[int]
    event_id: int
    frame_id: int
    pts_us: int
    replaced_by: int
    def __init__(self, event_id: _Optional[int] = ..., frame_id: _Optional[int] = ..., pts_us: _Optional[int] = ..., replaced_by: _Optional[int] = ...) -> None: ...

class EventRejected(_message.Message):
    __slots__ = ("event_id", "reason", "field", "value", "detail")
    EVENT_ID_FIELD_NUMBER: _ClassVar[int]
    REASON_FIELD_NUMBER: _ClassVar[int]
    FIELD_FIELD_NUMBER: _ClassVar[int]
    VALUE_FIELD_NUMBER: _ClassVar[int]
    DETAIL_FIELD_NUMBER: _ClassVar[int]
    event_id: int
    reason: RejectReason
    field: str
    value: str
    detail: str
    def __init__(self, event_id: _Optional[int] = ..., reason: _Optional[_Union[RejectReason, str]] = ..., field: _Optional[str] = ..., value: _Optional[str] = ..., detail: _Optional[str] = ...) -> None: ...

class Notice(_message.Message):
    __slots__ = ("code", "detail", "event_id", "words")
    CODE_FIELD_NUMBER: _ClassVar[int]
    DETAIL_FIELD_NUMBER: _ClassVar[int]
    EVENT_ID_FIELD_NUMBER: _ClassVar[int]
    WORDS_FIELD_NUMBER: _ClassVar[int]
    code: NoticeCode
    detail: str
    event_id: int
    words: _containers.RepeatedScalarFieldContainer[str]
    def __init__(self, code: _Optional[_Union[NoticeCode, str]] = ..., detail: _Optional[str] = ..., event_id: _Optional[int] = ..., words: _Optional[_Iterable[str]] = ...) -> None: ...

class Stats(_message.Message):
    __slots__ = ("frames_sent", "dropped", "step_ms", "decode_ms", "encode_ms", "drift_ms", "rung", "active_sessions")
    FRAMES_SENT_FIELD_NUMBER: _ClassVar[int]
    DROPPED_FIELD_NUMBER: _ClassVar[int]
    STEP_MS_FIELD_NUMBER: _ClassVar[int]
    DECODE_MS_FIELD_NUMBER: _ClassVar[int]
    ENCODE_MS_FIELD_NUMBER: _ClassVar[int]
    DRIFT_MS_FIELD_NUMBER: _ClassVar[int]
    RUNG_FIELD_NUMBER: _ClassVar[int]
    ACTIVE_SESSIONS_FIELD_NUMBER: _ClassVar[int]
    frames_sent: int
    dropped: Drops
    step_ms: float
    decode_ms: float
    encode_ms: float
    drift_ms: float
    rung: int
    active_sessions: int
    def __init__(self, frames_sent: _Optional[int] = ..., dropped: _Optional[_Union[Drops, _Mapping]] = ..., step_ms: _Optional[float] = ..., decode_ms: _Optional[float] = ..., encode_ms: _Optional[float] = ..., drift_ms: _Optional[float] = ..., rung: _Optional[int] = ..., active_sessions: _Optional[int] = ...) -> None: ...

class Draining(_message.Message):
    __slots__ = ("deadline_s", "detail")
    DEADLINE_S_FIELD_NUMBER: _ClassVar[int]
    DETAIL_FIELD_NUMBER: _ClassVar[int]
    deadline_s: float
    detail: str
    def __init__(self, deadline_s: _Optional[float] = ..., detail: _Optional[str] = ...) -> None: ...

class Closed(_message.Message):
    __slots__ = ("reason", "detail", "frames_generated", "frames_sent", "dropped", "duration_s")
    REASON_FIELD_NUMBER: _ClassVar[int]
    DETAIL_FIELD_NUMBER: _ClassVar[int]
    FRAMES_GENERATED_FIELD_NUMBER: _ClassVar[int]
    FRAMES_SENT_FIELD_NUMBER: _ClassVar[int]
    DROPPED_FIELD_NUMBER: _ClassVar[int]
    DURATION_S_FIELD_NUMBER: _ClassVar[int]
    reason: ClosedReason
    detail: str
    frames_generated: int
    frames_sent: int
    dropped: Drops
    duration_s: float
    def __init__(self, reason: _Optional[_Union[ClosedReason, str]] = ..., detail: _Optional[str] = ..., frames_generated: _Optional[int] = ..., frames_sent: _Optional[int] = ..., dropped: _Optional[_Union[Drops, _Mapping]] = ..., duration_s: _Optional[float] = ...) -> None: ...
