"""A refusal, with the field and the value that caused it: the SDK's own, so that both sides say the same words."""

from streamdit.rejection import MAX_NAME_CHARS, Rejection, RejectReason, quoted

__all__ = ["MAX_NAME_CHARS", "RejectReason", "Rejection", "quoted"]
