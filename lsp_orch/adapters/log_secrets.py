"""Takes secrets out of what a worker says: the values we know, and whatever looks like one.

A worker may say much, and the patterns of ``SecretsFilter`` take milliseconds a kilobyte: only lines in which
a secret could be are shown to it.
"""

import json
import re
from collections.abc import Iterable
from functools import cached_property
from typing import Any

from lsp_orch.adapters.secrets_filter import SecretsFilter

_REMOVED = "[removed]"
_LONGEST = 4096  # characters of one line: what is longer is no text for people, and slow to look through
_NAMES = ("auth", "bearer", "basic", "cred", "key", "passw", "passp", "pwd", "secret", "token")
_LOGIN = "://"  # an address may have one in it
# a long word, or a shorter one with a digit in it, may be a secret by itself
_LONG_WORD = re.compile(r"[\w+/=~-]{20,}")
_WORD = re.compile(r"[\w+/=.~-]{10,}")
_DIGIT = re.compile(r"\d")
_OVER_LINES = ("<private>", "PRIVATE KEY")


class LogSecrets:
    """``known`` are values that must never be written down."""

    def __init__(self, known: Iterable[str]) -> None:
        self._known = sorted(known, key=len, reverse=True)

    @cached_property
    def _filter(self) -> SecretsFilter:
        return SecretsFilter()

    def event(self, line: str) -> str:
        """One line of what a client says, which is JSON as long as it is well: it stays so."""
        try:
            event = json.loads(line)
        except ValueError:
            return self.text(line)
        return json.dumps(self._value(event), ensure_ascii=False)

    def text(self, text: str) -> str:
        """A text as people may read it."""
        for secret in self._known:
            text = text.replace(secret, _REMOVED)
        if any(mark in text for mark in _OVER_LINES):
            return self._filter.remove(text)[0]
        if not _suspect(text) and len(text) <= _LONGEST:
            return text
        return "\n".join(map(self._line, text.split("\n")))

    def _line(self, line: str) -> str:
        if len(line) > _LONGEST:
            line = f"{line[:_LONGEST]} ({len(line) - _LONGEST} characters left out)"
        return self._filter.remove(line)[0] if _suspect(line) else line

    def _value(self, value: Any) -> Any:
        match value:
            case str():
                return self.text(value)
            case list():
                return [self._value(each) for each in value]
            case dict():
                return {name: self._named(name, each) for name, each in value.items()}
            case _:
                return value

    def _named(self, name: str, value: Any) -> Any:
        """In JSON the name that tells a secret stands beside it, and not in the same text."""
        if not isinstance(value, str) or not _names(name):
            return self._value(value)
        _, kinds = self._filter.remove(f'{name} = "{value}"')
        return f"[removed: {kinds[0]}]" if kinds else self._value(value)


def _suspect(text: str) -> bool:
    return (
        _names(text)
        or _LOGIN in text
        or bool(_LONG_WORD.search(text))
        or (bool(_DIGIT.search(text)) and any(_DIGIT.search(word) for word in _WORD.findall(text)))
    )


def _names(text: str) -> bool:
    lower = text.lower()
    return any(name in lower for name in _NAMES)
