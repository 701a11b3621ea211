"""What git does to the files of a checkout. Its own store in ``.git`` is nobody's work and is not counted."""

import posixpath
import re
from collections.abc import Callable, Iterator, Mapping

from lsp_orch.domain.shell.options import Options, Spec, parse
from lsp_orch.domain.shell.patch import patched
from lsp_orch.domain.shell.writes import (
    HERE,
    Call,
    Effects,
    File,
    Known,
    Mystery,
    NewFolder,
    Run,
    Sort,
    Tree,
    Word,
    under,
)

_GLOBAL = Spec("C:c:", "git-dir: work-tree: namespace: exec-path: super-prefix: config-env:", stops=True)
_SETTINGS = re.compile(
    r"(?:user|color|advice|commit|init|log|column|gc|safe|rebase|pull|push|fetch)\."
    r"|core\.(?:pager|quotepath|autocrlf)\b"
)
_PATHSPEC = Spec("", "pathspec-from-file: cached dry-run")
_CHECKOUT = Spec("b:B:", "conflict: orphan: pathspec-from-file: patch")
_RESTORE = Spec("s:U:", "source: conflict: pathspec-from-file: staged worktree patch")
_STASH = Spec("m:", "message: pathspec-from-file:")
_SHOW = Spec("o:S:G:n:U:e:f:", "output: open-files-in-pager")
_HARMLESS = frozenset(
    """
    add annotate blame branch cat-file check-attr check-ignore check-mailmap check-ref-format cherry
    column commit commit-tree count-objects describe diff-files diff-index diff-tree fetch for-each-ref
    fsck gc get-tar-commit-id hash-object help ls-files ls-remote ls-tree maintenance merge-base
    merge-tree mktag mktree name-rev notes pack-objects pack-refs patch-id prune push range-diff reflog
    remote replace rev-list rev-parse show-branch show-ref status stripspace symbolic-ref tag update-index
    update-ref var verify-commit verify-pack verify-tag version whatchanged write-tree
    """.split()
)
_WHOLE = frozenset(
    """
    am bisect checkout-index cherry-pick merge pull read-tree rebase revert sparse-checkout submodule
    """.split()
)


def git(call: Call) -> Effects:
    """What the subcommand does, seen from the folder that ``-C`` names."""
    options = parse(call.words, _GLOBAL)
    if not options.operands:
        return []
    if options.has("git-dir", "work-tree", "exec-path", "config-env") or not all(
        map(_tame, options.all("c"))
    ):
        return [Mystery("git is told to work elsewhere or otherwise than usual")]
    folder = HERE
    for each in options.all("C"):
        folder = under(folder, each)
    verb, *rest = options.operands
    if not verb.exact or not folder.exact:
        return [Mystery("git gets words that are not known")]
    name, words = verb.text, tuple(rest)
    if options.has("help", "version") or name in _HARMLESS:
        return _reports(parse(words, _SHOW), folder)
    if name in _WHOLE:
        return [Tree(Word(call.look.checkout(folder.text))), *_runs(name, words)]
    rule = _RULES.get(name)
    here = Call(name=name, words=words, look=call.look, stdin=call.stdin)
    return rule(here, folder) if rule else [Mystery(f"git {name} is not a command that is known here")]


def _runs(name: str, words: tuple[Word, ...]) -> list[Mystery]:
    """A command that ``rebase --exec``, ``bisect run`` or ``submodule foreach`` is given."""
    given = [word.text for word in words]
    runs = any(text in {"run", "foreach"} or text.startswith(("-x", "--exec")) for text in given)
    return [Mystery(f"git {name} runs a command")] if runs else []


def _tame(setting: Word) -> bool:
    return setting.exact and bool(_SETTINGS.match(setting.text.lower()))


def _reports(options: Options, folder: Word) -> list[File]:
    return [File(under(folder, word)) for word in options.all("output")]


def _top(call: Call, folder: Word) -> Tree:
    return Tree(Word(call.look.checkout(folder.text)))


def _specs(call: Call, words: list[Word], folder: Word) -> Iterator[File | Tree]:
    """Files that pathspecs name: a folder, a pattern, or a file that git may have and the disk has not."""
    for word in words:
        path = under(folder, word)
        if word.text.startswith(":") or not word.exact:
            yield _top(call, folder)
        elif any(letter in word.text for letter in "*?["):
            fixed = re.split(r"[*?\[]", path.text, maxsplit=1)[0]
            yield Tree(Word(posixpath.dirname(fixed) or "."))
        else:
            yield File(path) if call.look.sort(path.text) is Sort.FILE else Tree(path)


def _checkout(call: Call, folder: Word) -> Iterator[File | Tree]:
    options = parse(call.words, _CHECKOUT)
    if options.has("b", "B", "orphan"):
        if options.operands:  # a new branch, but at another commit
            yield _top(call, folder)
    elif options.has("pathspec-from-file", "p", "patch") or options.wild or not options.operands:
        yield _top(call, folder)
    elif options.dashed is not None:
        yield from _specs(call, options.operands[options.dashed :], folder)
    elif len(options.operands) > 1 or _on_disk(call, options.operands[0], folder):
        yield from _specs(call, options.operands, folder)  # the first may be a commit: then no such file
    else:
        yield _top(call, folder)


def _on_disk(call: Call, word: Word, folder: Word) -> bool:
    return word.exact and call.look.sort(under(folder, word).text) in {Sort.FILE, Sort.FOLDER}


def _switch(call: Call, folder: Word) -> Iterator[Tree]:
    options = parse(call.words, Spec("c:C:", "create: force-create: orphan:"))
    if options.operands or not options.has("c", "C", "create", "force-create"):
        yield _top(call, folder)


def _restore(call: Call, folder: Word) -> Iterator[File | Tree]:
    options = parse(call.words, _RESTORE)
    if options.has("S", "staged") and not options.has("W", "worktree"):
        return
    if options.has("pathspec-from-file") or options.wild:
        yield _top(call, folder)
    yield from _specs(call, options.operands, folder)


def _reset(call: Call, folder: Word) -> Iterator[Tree]:
    options = parse(call.words, _PATHSPEC)
    if options.has("hard", "keep", "merge") or options.wild:
        yield _top(call, folder)


def _stash(call: Call, folder: Word) -> Iterator[File | Tree]:
    verb = call.words[0].text if call.words and call.words[0].exact else "push"
    if verb in {"list", "show", "drop", "clear", "create", "store"}:
        return
    options = parse(call.words[1:] if verb == "push" else call.words, _STASH)
    if verb == "push" and options.operands and not options.wild:
        yield from _specs(call, options.operands, folder)
    else:
        yield _top(call, folder)


def _clean(call: Call, folder: Word) -> Iterator[File | Tree]:
    options = parse(call.words, Spec("e:", "exclude: dry-run"))
    if options.has("n", "dry-run"):
        return
    yield from _specs(call, options.operands, folder) if options.operands else [Tree(folder)]


def _remove(call: Call, folder: Word) -> Iterator[File | Tree]:
    options = parse(call.words, _PATHSPEC)
    if options.has("cached", "n", "dry-run") and not options.wild:
        return
    yield from _specs(call, options.operands, folder)


def _move(call: Call, folder: Word) -> Iterator[Run]:
    yield Run((Word("mv"), *call.words), folder=folder)


def _apply(call: Call, folder: Word) -> Iterator[File | Tree | Mystery]:
    options = parse(
        call.words, Spec("p:C:", "directory: exclude: include: whitespace: build-fake-ancestor: ")
    )
    if options.has("check", "stat", "numstat", "summary", "cached") and not options.has(
        "apply", "index", "3"
    ):
        return
    if options.has("unsafe-paths", "build-fake-ancestor") or options.wild:
        yield Mystery("git apply gets words that are not known")
    text = _texts(call, options.operands, folder)
    strip = options.value("p") or Word("1")
    found = patched(text, int(strip.text)) if text is not None and strip.text.isdigit() else None
    top = Word(call.look.checkout(folder.text))
    if not found:
        yield Tree(top)
        return
    for path in found:
        for base in (top, folder):
            yield File(under(base, under(options.value("directory") or HERE, Word(path))))
            if options.has("reject"):
                yield File(under(base, Word(f"{path}.rej")))


def _texts(call: Call, files: list[Word], folder: Word) -> str | None:
    if not files or [word.text for word in files] == ["-"]:
        return call.stdin.text if call.stdin and call.stdin.exact else None
    texts = [call.look.read(under(folder, word).text) if word.exact else None for word in files]
    return None if None in texts else "\n".join(text for text in texts if text is not None)


def _show(call: Call, folder: Word) -> Iterator[File | Mystery]:
    options = parse(call.words, _SHOW)
    if options.wild:
        yield Mystery(f"git {call.name} may write a file: its words are not known")
    if call.name == "grep" and options.has("O", "open-files-in-pager"):
        yield Mystery("git grep -O runs a program")
    if call.name == "archive":
        yield from (File(under(folder, word)) for word in options.all("o"))
    yield from _reports(options, folder)


def _series(call: Call, folder: Word) -> Iterator[Tree]:
    options = parse(call.words, Spec("o:v:", "output-directory: stdout"))
    if not options.has("stdout"):
        yield Tree(under(folder, options.value("o", "output-directory") or HERE))


def _clone(call: Call, folder: Word) -> Iterator[Tree | NewFolder]:
    options = parse(
        call.words, Spec("b:o:u:c:j:", "branch: origin: depth: reference: template: config: jobs: ")
    )
    if len(options.operands) > 1:
        yield Tree(under(folder, options.operands[1]))
    elif options.operands and options.operands[0].exact:
        address = options.operands[0].text.rstrip("/").removesuffix("/.git")
        yield Tree(under(folder, Word(re.split(r"[/:]", address)[-1].removesuffix(".git"))))
    else:
        yield Tree(folder)


def _worktree(call: Call, folder: Word) -> Iterator[Tree | File]:
    verb = call.words[0].text if call.words else ""
    options = parse(call.words[1:], Spec("b:B:", "reason: orphan: "))
    if verb in {"add", "remove", "move"}:
        amount = 1 if verb == "add" else 2
        yield from (Tree(under(folder, word)) for word in options.operands[:amount])
    elif verb not in {"list", "prune", "lock", "unlock", "repair", ""}:
        yield _top(call, folder)


def _config(call: Call, folder: Word) -> Iterator[File]:
    options = parse(call.words, Spec("f:", "file: blob: type: default:"))
    yield from (File(under(folder, word)) for word in options.all("f", "file"))


def _bundle(call: Call, folder: Word) -> Iterator[File]:
    if call.words[:1] == (Word("create"),):
        yield from (File(under(folder, word)) for word in call.words[1:] if word.known is not Known.ANY)


def _init(call: Call, folder: Word) -> Iterator[NewFolder]:
    yield from (
        NewFolder(under(folder, word)) for word in parse(call.words, Spec("b:", "initial-branch: ")).operands
    )


_RULES: Mapping[str, Callable[[Call, Word], Effects]] = {
    "apply": _apply,
    "archive": _show,
    "bundle": _bundle,
    "checkout": _checkout,
    "clean": _clean,
    "clone": _clone,
    "config": _config,
    "diff": _show,
    "format-patch": _series,
    "grep": _show,
    "init": _init,
    "log": _show,
    "mv": _move,
    "reset": _reset,
    "restore": _restore,
    "rm": _remove,
    "shortlog": _show,
    "show": _show,
    "stash": _stash,
    "switch": _switch,
    "worktree": _worktree,
}
