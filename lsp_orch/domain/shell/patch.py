"""Which files a patch names, and what ``patch`` writes."""

import posixpath
import re
from collections.abc import Iterator

from lsp_orch.domain.shell.options import Spec, parse
from lsp_orch.domain.shell.writes import HERE, Call, File, Mystery, Tree, Word, under

_NAMED = re.compile(
    r"^(?:--- |\+\+\+ |\*\*\* |Index: |(?:rename|copy) (?:from|to) )([^\t\n\r]+)", re.MULTILINE
)
_BARE = re.compile(r"^(?:rename|copy) ")
_GIT = re.compile(r'^diff --git "?a/(.*?)"? "?b/(.*?)"?$', re.MULTILINE)
_PATCH = Spec(
    "p:i:d:o:r:D:B:Y:z:V:F:g:",
    "strip: input: directory: output: reject-file: ifdef: prefix: suffix: basename-prefix: fuzz: dry-run",
)


def patched(text: str, strip: int | None) -> frozenset[str]:
    """Every path that the patch may be about, without its first ``strip`` folders.

    ``None`` stands for both, with all its folders and with none. Empty when a path cannot be told, such as
    one in quotes.
    """
    named = [
        f"{side}/{path}"
        for match in _GIT.finditer(text)
        for side, path in zip("ab", match.groups(), strict=True)
    ]
    found = set()
    for match in _NAMED.finditer(text):
        path = match[1].strip()
        if path.startswith('"'):
            return frozenset()
        if _BARE.match(match[0]):
            found.add(path)
        elif path.split()[0] != "/dev/null":
            named += [path, path.split()[0]]  # a time may follow the name
    for path in named:
        found |= {path, posixpath.basename(path)} if strip is None else {_stripped(path, strip)}
    return frozenset(found - {""})


def _stripped(path: str, strip: int) -> str:
    return "/".join(path.split("/")[strip:])


def patch(call: Call) -> Iterator[File | Tree | Mystery]:
    """``patch``: the file named, else those in the patch, else anything here; also what it rejects."""
    options = parse(call.words, _PATCH)
    folder = options.value("d", "directory") or HERE
    if options.has("dry-run", "C"):
        return
    if options.wild or options.has("b", "backup", "B", "Y", "z", "prefix", "suffix", "V"):
        yield Mystery("patch gets words that are not known, or keeps copies under names of its own")
    for word in options.all("o", "output", "r", "reject-file"):
        yield File(under(folder, word))
    if options.operands:
        yield from _around(under(folder, options.operands[0]))
        return
    source = options.value("i", "input")
    if source is None:
        text = call.stdin.text if call.stdin and call.stdin.exact else None
    else:
        text = call.look.read(under(folder, source).text)
    strip = options.value("p", "strip")
    known = strip is None or strip.text.isdigit()
    found = patched(text, int(strip.text) if strip else None) if text is not None and known else ()
    if not found:
        yield Tree(folder)
    for path in found:
        yield from _around(under(folder, Word(path)))


def _around(word: Word) -> Iterator[File]:
    for ending in ("", ".orig", ".rej"):
        yield File(Word(word.text + ending, word.known))
