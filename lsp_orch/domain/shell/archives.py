"""What the commands that pack, unpack and fetch write."""

import posixpath
import re
from collections.abc import Iterator

from lsp_orch.domain.shell.options import Spec, parse
from lsp_orch.domain.shell.writes import HERE, Call, Effects, File, Mystery, Tree, Word, under

_TAR = Spec(
    "f:C:b:g:I:T:X:K:N:V:H:F:L:",
    "file: directory: extract get create append update list delete remove-files to-command: "
    "use-compress-program: checkpoint-action: info-script: new-volume-script: listed-incremental: ",
)
_TAR_RUNS = ("to-command", "use-compress-program", "I", "F", "checkpoint-action", "info-script", "g", "K")
_CURL = Spec(
    "o:c:D:K:H:X:d:F:A:u:b:e:m:x:T:w:E:U:r:C:t:y:Y:z:Q:P:",
    "output: cookie-jar: dump-header: config: output-dir: trace: trace-ascii: stderr: header: request: data: "
    "data-raw: data-binary: data-urlencode: form: user-agent: user: cookie: referer: max-time: proxy: url: "
    "write-out: cert: key: cacert: retry: retry-delay: connect-timeout: resolve: etag-save: hsts: alt-svc: "
    "remote-name remote-name-all remote-header-name",
)
_CURL_FILES = "o output c cookie-jar D dump-header trace trace-ascii stderr etag-save hsts alt-svc".split()
_WGET = Spec(
    "O:o:a:P:i:t:T:w:Q:e:A:R:D:U:l:B:",
    "output-document: output-file: append-output: directory-prefix: input-file: header: post-data: tries: "
    "timeout: user-agent: save-cookies: user: password: wait: recursive mirror page-requisites "
    "timestamping content-disposition trust-server-names quiet no-verbose no-check-certificate",
)
_WGET_MANY = """r recursive m mirror p page-requisites N timestamping i input-file e
    content-disposition trust-server-names""".split()
_WGET_NOT = re.compile("-n[cdHpv]")  # two letters, one option
_RSYNC_REMOTE = re.compile(r"^[^/]*:")
_PACKED = {"gzip": ".gz", "gunzip": ".gz", "bzip2": ".bz2", "bunzip2": ".bz2", "xz": ".xz", "unxz": ".xz"}
_PACKED |= {"zstd": ".zst", "unzstd": ".zst"}
_SYNCHRONISE = {
    "rsync": Spec(
        "e:f:M:B:T:", "rsh: exclude: include: filter: log-file: temp-dir: partial-dir: compare-dest:"
    ),
    "scp": Spec("c:D:F:i:J:l:o:P:S:X:"),
}


def pack(call: Call) -> Iterator[File | Tree | Mystery]:
    """``gzip`` and its like: the file goes and its packed twin comes, or the other way round."""
    options = parse(call.words, Spec("S:o:T:D:", "suffix: stdout to-stdout list test recursive"))
    if options.has("c", "stdout", "to-stdout", "l", "list", "t", "test") and not options.wild:
        return
    if options.wild or options.has("S", "suffix"):
        yield Mystery(f"{call.name} gets words that are not known")
    yield from (File(word) for word in options.all("o"))
    for word in options.operands:
        if options.has("r", "recursive") or not word.exact:
            yield Tree(word)
            continue
        stem, ending = posixpath.splitext(word.text)
        for name in (
            word.text,
            word.text + _PACKED[call.name],
            stem,
            stem + ".tar" * ending.startswith(".t"),
        ):
            yield File(Word(name))


def tape(call: Call) -> Iterator[File | Tree | Mystery]:
    """``tar``: the archive when it packs, the folder when it unpacks; ``tar xf a`` needs no hyphen."""
    words = call.words
    if words and words[0].exact and not words[0].text.startswith("-"):
        words = _old_style(words)
    options = parse(words, _TAR)
    if options.wild or options.has(*_TAR_RUNS):
        yield Mystery("tar gets words that are not known, or runs a program")
    if options.has("remove-files"):
        yield from (Tree(word, "removes") for word in options.operands)
    if options.has("x", "extract", "get") and not options.has("O", "to-stdout"):
        yield from (Tree(word) for word in options.all("C", "directory") or [HERE])
        if options.has("P", "absolute-names"):
            yield Mystery("tar -P unpacks anywhere")
    elif options.has("c", "create", "r", "append", "u", "update", "A", "delete"):
        yield from (File(word) for word in options.all("f", "file") if word.text != "-")


def _old_style(words: tuple[Word, ...]) -> tuple[Word, ...]:
    """``cfC a b`` is ``-c -f a -C b``."""
    rest, found = list(words[1:]), []
    for letter in words[0].text:
        found.append(Word(f"-{letter}"))
        if f"{letter}:" in _TAR.short and rest:
            found.append(rest.pop(0))
    return (*found, *rest)


def unzip(call: Call) -> Effects:
    """``unzip`` and ``bsdtar``-like tools: into ``-d``, or here."""
    options = parse(call.words, Spec("d:x:P:"))
    if options.has("l", "t", "p", "Z", "v", "z") and not options.wild:
        return []
    return [Tree(options.value("d") or HERE)]


def zip_up(call: Call) -> Iterator[File | Tree | Mystery]:
    """``zip``: its archive, and what it moves into it."""
    options = parse(call.words, Spec("b:t:n:x:i:P:O:", "out: move"))
    if options.wild or options.has("b", "O", "out", "T", "TT"):
        yield Mystery("zip gets words that are not known")
    for word in options.operands[:1]:
        yield File(word)
        yield File(Word(f"{word.text}.zip", word.known))
    if options.has("m", "move"):
        yield from (Tree(word, "moves") for word in options.operands[1:])


def synchronise(call: Call) -> Iterator[Tree | Mystery]:
    """``rsync`` and ``scp``: their last operand, unless it is on another machine."""
    options = parse(
        call.words, Spec("e:f:M:B:T:i:P:F:o:c:l:S:J:", "rsh: exclude: include: filter: log-file: ")
    )
    if options.wild or options.has("log-file", "write-batch", "T", "temp-dir", "backup", "b", "partial-dir"):
        yield Mystery(f"{call.name} gets words that are not known, or writes elsewhere too")
    if call.name == "rsync" and options.has("n", "dry-run", "list-only"):
        return
    if len(options.operands) > 1 and not _remote(options.operands[-1]):
        yield Tree(options.operands[-1])
    if options.has("remove-source-files"):
        yield from (Tree(word, "removes") for word in options.operands[:-1] if not _remote(word))


def _remote(word: Word) -> bool:
    return word.exact and bool(_RSYNC_REMOTE.match(word.text))


def fetch(call: Call) -> Iterator[File | Tree | Mystery]:
    """``curl``: what its options name; ``-O`` takes the name from the address."""
    options = parse(call.words, _CURL)
    if options.wild or options.has("K", "config", "remote-header-name", "J"):
        yield Mystery("curl may write a file: its words are not known")
    if any("#" in word.text for word in options.all("o", "output")):
        yield Mystery("curl makes up a file's name")
    folder = options.value("output-dir") or HERE
    yield from (File(under(folder, word)) for word in options.all(*_CURL_FILES) if word.text != "-")
    if options.has("O", "remote-name", "remote-name-all"):
        yield from (_named_by(url, folder) for url in options.operands + options.all("url"))


def download(call: Call) -> Iterator[File | Tree | Mystery]:
    """``wget``: the file named, or the one the address names, or anything in the folder."""
    words = tuple(word for word in call.words if not (word.exact and _WGET_NOT.fullmatch(word.text)))
    options = parse(words, _WGET)
    logs = options.all("o", "output-file", "a", "append-output", "save-cookies")
    yield from (File(word) for word in logs)
    if options.wild:
        yield Mystery("wget gets words that are not known")
    target = options.value("O", "output-document")
    folder = options.value("P", "directory-prefix") or HERE
    if target is not None:
        yield from [] if target.text == "-" else [File(target)]
    elif options.has(*_WGET_MANY):
        yield Tree(folder)
    elif not options.has("spider"):
        yield from (_named_by(url, folder) for url in options.operands)


def _named_by(url: Word, folder: Word) -> File | Tree:
    name = posixpath.basename(url.text.partition("://")[2].partition("?")[0].partition("#")[0])
    if not url.exact or any(letter in url.text for letter in "?{["):
        return Tree(folder)
    return File(under(folder, Word(name or "index.html")))
