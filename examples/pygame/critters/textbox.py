"""One line of text being typed, with a caret. A value: every key makes a new one."""

from dataclasses import dataclass

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
    """The text and where in it the next character goes."""

    text: str = ""
    caret: int = 0

    @property
    def before(self) -> str:
        """What stands left of the caret."""
        return self.text[: self.caret]

    @property
    def after(self) -> str:
        """What stands right of it."""
        return self.text[self.caret :]

    def typed(self, event: pygame.event.Event) -> "TextBox":
        """The box after a key went down."""
        if event.key in (pygame.K_BACKSPACE, pygame.K_DELETE):
            gone = event.key == pygame.K_BACKSPACE
            before, after = self.before[: -1 if gone else None], self.after[0 if gone else 1 :]
            return TextBox(before + after, len(before))
        if event.key in _MOVES:
            return TextBox(self.text, max(0, min(len(self.text), self.caret + _MOVES[event.key])))
        typed = event.unicode if event.unicode.isprintable() else ""
        if len(self.text) + len(typed) > MAX_CHARS:
            return self
        return TextBox(self.before + typed + self.after, self.caret + len(typed))
