"""One line of text being typed, with a caret. A value: every event makes a new one.

Letters come as text input, not as keys: so an input method may compose them (Japanese, accents by a dead key), and a
keyboard of any language works.
"""

from dataclasses import dataclass, replace

import pygame

MAX_CHARS = 120
_MOVES = {
    pygame.K_LEFT: -1,
    pygame.K_RIGHT: 1,
    pygame.K_HOME: -MAX_CHARS,
    pygame.K_END: MAX_CHARS,
}


@dataclass(frozen=True, slots=True)
class TextBox:
    """The text, where in it the next character goes, and what an input method is composing there."""

    text: str = ""
    caret: int = 0
    composed: str = ""  # shown, but not part of the text yet

    @property
    def before(self) -> str:
        """What stands left of the caret."""
        return self.text[: self.caret]

    @property
    def after(self) -> str:
        """What stands right of it."""
        return self.text[self.caret :]

    def heard(self, event: pygame.event.Event) -> "TextBox":
        """The box after an event of the keyboard: text, text being composed, or a key that edits."""
        match event.type:
            case pygame.TEXTINPUT:
                return self._entered(event.text)
            case pygame.TEXTEDITING:
                return replace(self, composed=event.text)
            case pygame.KEYDOWN if not self.composed:  # else it is the input method's
                return self._edited(event.key)
        return self

    def _edited(self, key: int) -> "TextBox":
        if key in (pygame.K_BACKSPACE, pygame.K_DELETE):
            gone = key == pygame.K_BACKSPACE
            before, after = self.before[: -1 if gone else None], self.after[0 if gone else 1 :]
            return TextBox(before + after, len(before))
        if key in _MOVES:
            return TextBox(self.text, max(0, min(len(self.text), self.caret + _MOVES[key])))
        return self

    def _entered(self, text: str) -> "TextBox":
        typed = "".join(letter for letter in text if letter.isprintable())
        if len(self.text) + len(typed) > MAX_CHARS:
            return replace(self, composed="")
        return TextBox(self.before + typed + self.after, self.caret + len(typed))


def listen_to_text(box: TextBox | None, *, listening: bool) -> bool:
    """Let the system send text exactly while a box is open; whether it does now.

    Elsewhere a key is a command, and the letter that opens the box must not land in it.
    """
    if box is not None and not listening:
        pygame.key.start_text_input()
    elif box is None and listening:
        pygame.key.stop_text_input()
    return box is not None
