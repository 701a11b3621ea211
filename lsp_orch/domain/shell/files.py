"""What the commands that make, copy, move and remove files write."""

import posixpath
from collections.abc import Iterator

from lsp_orch.domain.shell.options import Options, Spec, parse
from lsp_orch.domain.shell.writes import (
    HERE,
    Call,
    Effects,
    File,
    Known,
    Link,
    Mystery,
    NewFolder,
    Sort,
    Tree,
    Word,
)

_COPY = Spec("t:S:Z", "target-directory: suffix: no-target-directory recursive archive backup")
_INSTALL = Spec("t:S:m:o:g:d", "target-directory: suffix: mode: owner: group: directory backup")


def copy(call: Call) -> Iterator[File | Tree | Link | Mystery]:
    """``cp``."""
    options = parse(call.words, _COPY)
    yield from _doubts(call, options)
    deep = options.has("r", "R", "a", "recursive", "archive")
    linking = options.has(
        "a", "d", "P", "l", "s", "archive", "no-dereference", "link", "symbolic-link", "preserve"
    )
    for source, target in _targets(call, options):
        whole = deep and (not source.exact or call.look.sort(source.text) is not Sort.FILE)
        yield Tree(target) if whole or target.known is Known.BELOW else File(target)
        if options.has("l", "s", "link", "symbolic-link") or (linking and _may_be_link(call, source)):
            yield Link(target)
    if options.has("parents"):
        yield Tree(options.value("t", "target-directory") or options.operands[-1])


def move(call: Call) -> Iterator[File | Tree | Link | Mystery]:
    """``mv``: the source goes, the target comes."""
    options = parse(call.words, _COPY)
    yield from _doubts(call, options)
    for source, target in _targets(call, options):
        plain = source.exact and call.look.sort(source.text) is Sort.FILE
        yield File(source, "moves") if plain else Tree(source, "moves")
        yield File(target) if plain and target.exact else Tree(target)
        if _may_be_link(call, source):
            yield Link(target)


def install(call: Call) -> Iterator[File | Tree | NewFolder | Mystery]:
    """``install``: copies, or makes folders with ``-d``."""
    options = parse(call.words, _INSTALL)
    yield from _doubts(call, options)
    if options.has("d", "directory"):
        yield from (NewFolder(word) for word in options.operands)
        return
    for _, target in _targets(call, options):
        yield File(target) if target.exact else Tree(target)


def link(call: Call) -> Iterator[File | Tree | Link | Mystery]:
    """``ln``, which makes a name for the first operand at the last, or here."""
    options = parse(call.words, _COPY)
    yield from _doubts(call, options)
    if len(options.operands) == 1 and not options.has("t", "target-directory"):
        options.operands.append(HERE)
    keeps = options.has("n", "no-dereference", "T", "no-target-directory")
    if keeps and len(options.operands) > 1:
        yield File(options.operands[-1])  # a link to a folder gives way itself
    for _, target in _targets(call, options):
        yield File(target) if target.exact else Tree(target)
        yield Link(target)


def _doubts(call: Call, options: Options) -> Iterator[Mystery]:
    if options.wild:
        yield Mystery(f"{call.name} gets words that are not known")
    if options.has("b", "backup", "S", "suffix"):
        yield Mystery(f"{call.name} keeps copies under names of its own")


def _targets(call: Call, options: Options) -> Iterator[tuple[Word, Word]]:
    """Each source with the path it goes to; nothing when the command is wrong and fails."""
    sources = list(options.operands)
    folder = options.value("t", "target-directory")
    if folder is None and not sources[1:]:
        return
    into = folder is not None
    folder = folder or sources.pop()
    sort = call.look.sort(folder.text) if folder.exact else Sort.UNSURE
    exactly = options.has("T", "no-target-directory")
    for source in sources:
        if exactly or (not into and sort in {Sort.FILE, Sort.ABSENT} and not folder.text.endswith("/")):
            yield source, folder
        elif folder.exact and (into or sort is not Sort.UNSURE) and (name := _name(source)):
            yield source, Word(posixpath.join(folder.text, name))
        else:
            yield source, Word(folder.text, Known.BELOW if folder.exact else folder.known)


def _name(source: Word) -> str:
    """The name a copy gets in a folder; empty when it is not known, or the folder itself is meant."""
    name = posixpath.basename(source.text.rstrip("/")) if source.exact else ""
    return "" if name in {".", ".."} else name


def _may_be_link(call: Call, source: Word) -> bool:
    return not source.exact or call.look.is_link(source.text.rstrip("/"))


def remove(call: Call) -> Iterator[File | Tree]:
    """``rm``, ``unlink``, ``shred``."""
    options = parse(call.words, Spec("n:s:", "recursive iterations: size: random-source:"))
    deep = options.has("r", "R", "recursive") or options.wild
    yield from (Tree(each, "removes") if deep else File(each, "removes") for each in options.operands)


def remove_folder(call: Call) -> Effects:
    """``rmdir``: only what is empty, but somebody may be about to write there."""
    return [Tree(word, "removes") for word in parse(call.words, Spec()).operands]


def make_folder(call: Call) -> Effects:
    """``mkdir`` overwrites nobody."""
    return [NewFolder(word) for word in parse(call.words, Spec("m:Z", "mode: context:")).operands]


def touch(call: Call) -> Effects:
    """``touch``: makes the file, or changes its time, which editors take for a change."""
    return [File(word) for word in parse(call.words, Spec("t:d:r:", "time: date: reference:")).operands]


def truncate(call: Call) -> Effects:
    """``truncate``."""
    return [File(word) for word in parse(call.words, Spec("s:r:", "size: reference:")).operands]


def dump(call: Call) -> Iterator[File | Mystery]:
    """``dd of=``."""
    for word in call.words:
        if word.exact and word.text.startswith("of="):
            yield File(Word(word.text.removeprefix("of=")))
        elif not word.exact and not word.text.startswith(("if=", "bs=", "count=", "skip=", "status=")):
            yield Mystery("dd gets words that are not known")
