"""Messages for people, kept until somebody has seen them."""

from __future__ import annotations

from dataclasses import dataclass, replace

MOST_WAITING = 20


@dataclass(frozen=True, slots=True)
class Message:
    """A sentence for people."""

    words: str
    bad: bool = False
    """A fault or a refusal rather than news."""
    act: bool = False
    """Somebody must see to it now."""
    topic: str = ""
    """Of messages of one topic only the newest waits; empty: this one stands for itself."""
    times: int = 1
    """How often it came; a sentence that comes again is counted, not stacked."""


class MessageQueue:
    """Keeps messages until they are seen, newest first; bounded, and it says what it dropped."""

    def __init__(self) -> None:
        self._waiting: list[Message] = []
        self.dropped = 0

    def __len__(self) -> int:
        return len(self._waiting)

    @property
    def newest(self) -> Message | None:
        """What the bar shows."""
        return self._waiting[0] if self._waiting else None

    def add(self, message: Message) -> None:
        """Put a message on top; the same sentence or topic again raises its count."""
        for known in self._waiting:
            if known.words == message.words or (known.topic and known.topic == message.topic):
                self._waiting.remove(known)
                message = replace(message, times=known.times + 1)
                break
        self._waiting.insert(0, message)
        if len(self._waiting) > MOST_WAITING:
            self._waiting.pop()
            self.dropped += 1

    def seen(self) -> None:
        """Take the newest away."""
        if self._waiting:
            del self._waiting[0]
