"""What the commands that work on text write: tee, sed, awk, sort, split and their like."""

import posixpath
from collections.abc import Iterator

from lsp_orch.domain.shell.options import Spec, parse
from lsp_orch.domain.shell.scripts import awk, sed
from lsp_orch.domain.shell.writes import Call, Effects, File, Mystery, Tree, Word

_SED = Spec("i::e:f:l:E", "in-place:: expression: file: line-length:")
_AWK = Spec("i:f:v:F:e:E:l:o:d::p::", "include: file: assign: field-separator: source: exec: load:")
_OUTPUT = {
    "iconv": Spec("f:t:o:", "from-code: to-code: output:"),
    "shuf": Spec("i:n:o:", "input-range: head-count: output: random-source:"),
    "sort": Spec(
        "k:t:o:S:T:", "key: field-separator: output: buffer-size: compress-program: files0-from: parallel:"
    ),
    "tree": Spec("L:P:I:o:H:T:", "output:"),
}
_SECOND = {
    "uniq": Spec("f:s:w:", "skip-fields: skip-chars: check-chars:"),
    "xxd": Spec("c:g:l:o:s:n:R:"),
}


def tee(call: Call) -> Effects:
    """Writes each operand, appending or not."""
    return [File(word) for word in parse(call.words, Spec()).operands if word.text != "-"]


def edit_stream(call: Call) -> Iterator[File | Mystery]:
    """``sed``: what it edits in place, with the copies it keeps, and what its script writes."""
    options = parse(call.words, _SED)
    if options.wild:
        yield Mystery("sed may edit in place: its words are not known")
    scripts, files = options.all("e", "expression"), options.operands
    if not scripts and not options.has("f", "file"):
        scripts, files = files[:1], files[1:]
    if options.has("f", "file"):
        yield Mystery("sed -f runs a script from a file")
    for script in scripts:
        yield from sed(script)
    if options.has("i", "in-place"):
        suffix = options.value("i", "in-place")
        for file in files:
            yield File(file)
            if suffix and suffix.text:
                yield kept(file, suffix.text)


def kept(file: Word, suffix: str) -> File:
    """The copy that is kept: a star in the suffix stands for the name."""
    folder, name = posixpath.split(file.text)
    copy = suffix.replace("*", name) if "*" in suffix else name + suffix
    return File(Word(copy if "/" in copy else posixpath.join(folder, copy), file.known))


def edit_fields(call: Call) -> Iterator[File | Mystery]:
    """``awk``: its program's output files, and its operands with ``-i inplace``."""
    options = parse(call.words, _AWK)
    if options.wild:
        yield Mystery(f"{call.name} may edit in place: its words are not known")
    if any(word.text != "inplace" for word in options.all("i", "include")) or options.has("l", "load"):
        yield Mystery(f"{call.name} loads a library")
    programs, files = options.all("e", "source"), options.operands
    if options.has("f", "file", "E", "exec"):
        yield Mystery(f"{call.name} -f runs a program from a file")
    elif not programs:
        programs, files = files[:1], files[1:]
    for program in programs:
        yield from awk(program)
    if options.has("i", "include"):
        yield from (File(file) for file in files)
    for named in ("o", "d", "p"):
        if options.has(named):
            yield Mystery(f"{call.name} -{named} writes a report")


def sort(call: Call) -> Iterator[File | Mystery]:
    """``sort -o`` and others with an option that names the output."""
    options = parse(call.words, _OUTPUT[call.name])
    yield from (File(word) for word in options.all("o", "output"))
    if options.wild or options.has("compress-program"):
        yield Mystery(f"{call.name} may write a file: its words are not known")


def second_operand(call: Call) -> Iterator[File | Mystery]:
    """``uniq`` and ``xxd`` write to their second operand."""
    options = parse(call.words, _SECOND[call.name])
    yield from (File(word) for word in options.operands[1:])
    if options.wild:
        yield Mystery(f"{call.name} gets words that are not known")


def split(call: Call) -> Iterator[Tree | Mystery]:
    """``split`` and ``csplit`` make files beside their prefix."""
    options = parse(
        call.words, Spec("b:l:n:a:C:t:f:", "bytes: lines: number: filter: prefix: suffix-length:")
    )
    prefix = options.value("f", "prefix") or Word("x")
    if call.name == "split" and len(options.operands) > 1:
        prefix = options.operands[1]
    if options.has("filter") or options.wild:
        yield Mystery(f"{call.name} gets words that are not known, or runs a filter")
    yield Tree(Word(posixpath.dirname(prefix.text) or ".", prefix.known))
