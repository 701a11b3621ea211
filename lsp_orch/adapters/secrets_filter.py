"""Takes secrets out of text: the patterns of detect-secrets, and our own where those see only a part."""

import math
import re
from collections.abc import Iterator
from functools import cache
from typing import Any

Span = tuple[int, int, str]

# detect-secrets is made to find lines, not to cut: these match a part of the secret, or none at all.
_LEFT_OUT = frozenset(
    {"Private Key", "JSON Web Token", "Basic Auth Credentials", "NPM tokens", "Public IP (ipv4)"}
)

# A name that says what it is, a sign, then a value: in quotes anything, without quotes letters with digits.
_NAME = r"(?:pass(?:word|wd|phrase)|pwd|secret|api_?key|access_?key|auth_?token|private_?key)"
_SIGN = r"""\w{0,20}["'`\]]{0,2}\s{0,3}(?::=|=>|={1,3}|:)\s{0,3}"""
_IN_QUOTES = r"""(?P<quote>["'`])(?P<quoted>[^"'`\n]{4,200})(?P=quote)"""
_BARE = r"""(?P<bare>(?=[^\s"'`]*\d)(?=[^\s"'`]*[a-z])[^\s"'`<>${}()\[\],;]{6,200})"""

_OWN: tuple[tuple[str, re.Pattern[str]], ...] = (
    ("Private Part", re.compile(r"(?s)<private>.*?(?:</private>|\Z)")),
    (
        "Private Key",
        re.compile(r"(?s)-----BEGIN [A-Z0-9 ]*PRIVATE KEY[A-Z ]*-----.*?(?:-----END [A-Z0-9 ]+-----|\Z)"),
    ),
    ("JSON Web Token", re.compile(r"\beyJ[\w-]{8,}\.[\w-]{8,}(?:\.[\w-]*)?")),
    ("Basic Auth Credentials", re.compile(r"(?<=://)[^\s/:@]{1,200}:[^\s/@]{1,200}(?=@)")),
    ("Anthropic Key", re.compile(r"\bsk-ant-[\w-]{20,}")),
    ("OpenAI Token", re.compile(r"\bsk-(?:proj-)?[\w-]{32,}")),
    ("GitHub Token", re.compile(r"\b(?:gh[pousr]_\w{36,}|github_pat_\w{22,})")),
    ("Google Key", re.compile(r"\bAIza[\w-]{35}")),
    ("NPM Token", re.compile(r"\bnpm_\w{36}")),
    ("Authorization", re.compile(r"(?i:\bbearer|\bbasic) +(?P<bare>(?=[\w.~+/-]*\d)[\w.~+/-]{16,}=*)")),
    ("Password", re.compile(rf"(?i){_NAME}{_SIGN}(?:{_IN_QUOTES}|{_BARE})")),
)

_LONG = re.compile(r"[A-Za-z0-9+/=_-]{24,}")
_ENTROPY = 4.5  # bits a character: beyond what names and hexadecimal numbers reach
_DIGIT_IN_WORD = re.compile(r"\d[A-Za-z]|[A-Za-z]\d")
_LEAST_DIGITS_IN_WORDS = 3  # fewer are dates, versions and numbered names


class SecretsFilter:
    """Implements the port ``Secrets``."""

    def remove(self, text: str) -> tuple[str, tuple[str, ...]]:
        """The text with ``[removed: KIND]`` in place of each secret, and the kinds found; never a secret."""
        spans = _merged(sorted(_spans(text)))
        for start, end, kind in reversed(spans):
            text = f"{text[:start]}[removed: {kind}]{text[end:]}"
        return text, tuple(dict.fromkeys(kind for _, _, kind in spans))


def _spans(text: str) -> Iterator[Span]:
    for kind, pattern in _OWN:
        for found in pattern.finditer(text):
            parts = [found.span(name) for name in ("quoted", "bare") if found.groupdict().get(name)]
            yield *(parts[0] if parts else found.span()), kind
    for kind, pattern in _library():
        for found in pattern.finditer(text):
            edge = found.group().strip(" \t\r\n\"'=:")  # some match what stands around the secret too
            start = found.start() + found.group().index(edge)
            yield start, start + len(edge), kind
    for found in _LONG.finditer(text):
        if _is_random(found.group()):
            yield *found.span(), "High Entropy String"


@cache
def _library() -> tuple[tuple[str, re.Pattern[str]], ...]:
    # Loads requests too, and takes a tenth of a second: only who writes a note pays, once.
    from detect_secrets.core.plugins.util import get_mapping_from_secret_type_to_class  # noqa: PLC0415 - as said
    from detect_secrets.plugins.base import RegexBasedDetector  # noqa: PLC0415 - as said

    plugins: dict[str, Any] = get_mapping_from_secret_type_to_class()
    return tuple(
        (kind, pattern)
        for kind, plugin in sorted(plugins.items())
        if issubclass(plugin, RegexBasedDetector) and kind not in _LEFT_OUT
        for pattern in plugin().denylist
    )


def _merged(spans: list[Span]) -> list[Span]:
    """Overlapping finds become one, named for the first."""
    merged: list[Span] = []
    for start, end, kind in spans:
        if merged and start < merged[-1][1]:
            first, until, name = merged[-1]
            merged[-1] = (first, max(until, end), name)
        else:
            merged.append((start, end, kind))
    return merged


def _is_random(word: str) -> bool:
    if len(_DIGIT_IN_WORD.findall(word)) < _LEAST_DIGITS_IN_WORDS:
        return False
    shares = [word.count(each) / len(word) for each in set(word)]
    return -sum(share * math.log2(share) for share in shares) > _ENTROPY
