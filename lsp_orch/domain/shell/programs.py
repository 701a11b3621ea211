"""Commands that run others, and interpreters with a program in their words or on their input."""

import re
from collections.abc import Callable, Iterator, Mapping

from lsp_orch.domain.shell.options import Spec, parse
from lsp_orch.domain.shell.scripts import scan
from lsp_orch.domain.shell.streams import kept
from lsp_orch.domain.shell.writes import HERE, Call, Code, Effects, File, Known, Mystery, Run, Tree, Word

_PREFIXES: Mapping[str, tuple[Spec, int]] = {
    # the options that take a value, and how many operands come before the command
    "builtin": (Spec(stops=True), 0),
    "chronic": (Spec(stops=True), 0),
    "command": (Spec(stops=True), 0),
    "doas": (Spec("u:C:", stops=True), 0),
    "exec": (Spec("a:", stops=True), 0),
    "ionice": (Spec("c:n:p:", "class: classdata:", stops=True), 0),
    "nice": (Spec("n:", "adjustment:", stops=True), 0),
    "nohup": (Spec(stops=True), 0),
    "setsid": (Spec(stops=True), 0),
    "stdbuf": (Spec("i:o:e:", "input: output: error:", stops=True), 0),
    "time": (Spec("f:o:", "format: output:", stops=True), 0),
    "timeout": (Spec("k:s:", "kill-after: signal:", stops=True), 1),
    "unbuffer": (Spec(stops=True), 0),
}
_SUDO = Spec(
    "u:g:h:p:C:r:t:T:U:D:R:", "user: group: host: prompt: chdir: chroot: close-from: other-user:", stops=True
)
_ENV = Spec("u:C:S:", "unset: chdir: split-string:", stops=True)
_XARGS = Spec(
    "I:n:P:d:L:s:a:E:", "replace:: max-args: max-procs: delimiter: max-lines: arg-file:", stops=True
)
_ASSIGNED = re.compile(r"[A-Za-z_]\w*=")
_NEW_MEANING = re.compile(
    r"(?:GIT_(?:DIR|WORK_TREE|INDEX_FILE|CONFIG\w*|EXTERNAL_DIFF|EXEC_PATH)|BASH_ENV|ENV|IFS|CDPATH)="
)
_BASH = Spec("O:o:", "rcfile: init-file:", stops=True)
_SCRIPTS = {
    "node": Spec("r:C:", "require: import: input-type: conditions:", stops=True),
    "perl": Spec("e:E:I:F:m:M:i::", stops=True),
    "ruby": Spec("e:I:r:C:E:F:i::", stops=True),
}
_PYTHON = Spec("c:m:W:X:", stops=True, last="cm")
_QUIET_MODULES = frozenset(
    {"json.tool", "tokenize", "dis", "ast", "platform", "site", "sysconfig", "this", "calendar"}
)
_FOUND = Word("{}")
_READ = Word("what xargs reads", Known.ONE)


def meaning_changes(assignment: str) -> bool:
    """Whether ``NAME=value`` makes later commands mean something else."""
    return bool(_NEW_MEANING.match(assignment))


def prefix(call: Call) -> Iterator[Run | File | Mystery]:
    """``nohup``, ``timeout 5``, ``command`` and their like."""
    spec, skip = _PREFIXES[call.name]
    options = parse(call.words, spec)
    if call.name == "command" and options.has("v", "V"):
        return
    if call.name == "time":
        yield from (File(word) for word in options.all("o", "output"))
    yield from _then(call, options.operands[skip:])


def _then(call: Call, words: list[Word], folder: Word | None = None) -> Iterator[Run]:
    if words:
        yield Run(tuple(words), stdin=call.stdin, folder=folder)


def sudo(call: Call) -> Iterator[Run | Mystery]:
    """``sudo``, with assignments before the command."""
    options = parse(call.words, _SUDO)
    if options.has("i", "login", "s", "shell", "e", "edit", "R", "chroot"):
        yield Mystery("sudo starts a shell or an editor")
    yield from _assigned(call, options.operands, options.value("D", "chdir"))


def environment(call: Call) -> Iterator[Run | Mystery]:
    """``env``, which alone only prints."""
    options = parse(call.words, _ENV)
    if options.has("S", "split-string"):
        yield Mystery("env -S splits words by rules of its own")
    yield from _assigned(call, options.operands, options.value("C", "chdir"))


def _assigned(call: Call, words: list[Word], folder: Word | None) -> Iterator[Run | Mystery]:
    while words and words[0].known is not Known.ANY and _ASSIGNED.match(words[0].text):
        if meaning_changes(words[0].text):
            yield Mystery(f"{words[0].text} gives the command another meaning")
        words = words[1:]
    yield from _then(call, words, folder)


def flock(call: Call) -> Iterator[File | Run]:
    """``flock FILE COMMAND``; the lock file is nobody's work, but it is made."""
    operands = parse(call.words, Spec("w:E:", "timeout: conflict-exit-code:", stops=True)).operands
    yield from (File(word) for word in operands[:1] if not word.text.isdigit())
    if operands[1:2] and operands[1].text in {"-c", "--command"}:
        yield Run((Word("sh"), Word("-c"), *operands[2:3]))
    else:
        yield from _then(call, operands[1:])


def arguments(call: Call) -> Iterator[Run | Mystery]:
    """``xargs``: its command with words that nobody knows."""
    options = parse(call.words, _XARGS)
    command = options.operands or [Word("echo")]
    marker = options.value("I", "replace")
    if options.wild or any(word.known is Known.ANY for word in command):
        yield Mystery("xargs runs a command that is not known")
        return
    if marker is None:
        yield Run((*command, _READ, _READ))  # two, as for mv
    else:
        yield Run(tuple(_READ if marker.text in word.text else word for word in command))


def find(call: Call) -> Iterator[File | Tree | Run | Mystery]:
    """``find``: nothing, unless an action deletes, writes or runs something."""
    words = list(call.words)
    starts: list[Word] = []
    while words and words[0].text in {"-H", "-L", "-P"}:
        words.pop(0)
    while words and not (words[0].exact and words[0].text[:1] in {"-", "(", "!", ")"}):
        starts.append(words.pop(0))
    starts = starts or [HERE]
    if any(word.known is Known.ANY for word in call.words):
        yield Mystery("find gets words that are not known")
    while words:
        action = words.pop(0).text
        if action == "-delete":
            yield from (Tree(start, "deletes in") for start in starts)
        elif action in {"-fprint", "-fprint0", "-fls", "-fprintf"} and words:
            yield File(words.pop(0))
        elif action in {"-exec", "-execdir", "-ok", "-okdir"}:
            yield from _each(_until_end(words), starts, elsewhere=action.endswith("dir"))


def _until_end(words: list[Word]) -> list[Word]:
    taken: list[Word] = []
    while words:
        word = words.pop(0)
        if word.text == ";" or (word.text == "+" and taken and taken[-1] == _FOUND):
            break
        taken.append(word)
    return taken


def _each(command: list[Word], starts: list[Word], *, elsewhere: bool) -> Iterator[Run]:
    for start in starts:
        below = Word(start.text, Known.BELOW if start.exact else start.known)
        yield Run(tuple(_filled(word, below) for word in command), elsewhere=elsewhere)


def _filled(word: Word, below: Word) -> Word:
    if word == _FOUND:
        return below
    if _FOUND.text not in word.text:
        return word
    return Word(word.text, Known.ONE)


def finder(call: Call) -> Iterator[Run | Mystery]:
    """``fd``, which may run a command for what it finds."""
    for at, word in enumerate(call.words):
        if word.known is Known.ANY or word.text in {"-x", "-X", "--exec", "--exec-batch"}:
            command = call.words[at + 1 :]
            yield (
                Run((*command, Word("what fd finds", Known.ANY))) if command else Mystery("fd runs a command")
            )
            return


def shell(call: Call) -> Iterator[Code | Mystery]:
    """``bash -c TEXT NAME ARGUMENT…``, or a script on its input."""
    options = parse(call.words, _BASH)
    if options.has("version", "help"):
        return
    text, arguments = None, options.operands
    if options.has("c") and arguments:
        text, arguments = arguments[0], arguments[2:]  # the name comes between
    elif (options.has("s") or not arguments) and call.stdin is not None:
        text = call.stdin
    if text is not None and text.exact and not options.wild:
        yield Code("bash", text, tuple(arguments))
    else:
        yield Mystery(f"{call.name} runs a script that is not known")
    if options.has("rcfile", "init-file", "i"):
        yield Mystery(f"{call.name} runs its settings first")


def python(call: Call) -> Iterator[Code | File | Mystery]:
    """``python -c TEXT``, or a program on its input; anything else is a script that nobody knows."""
    options = parse(call.words, _PYTHON)
    module, text = options.value("m"), options.value("c")
    if options.has("version", "V", "help", "h"):
        return
    if text is None and module is None and call.stdin is not None and _reads_input(options.operands):
        text = call.stdin
    if text is not None and text.known is not Known.ANY:
        yield Code("python", text)
    elif module and module.text in _QUIET_MODULES:
        yield from (File(word) for word in options.operands[1:] if module.text == "json.tool")
    else:
        yield Mystery(f"{call.name} runs a script that is not known")


def _reads_input(operands: list[Word]) -> bool:
    return not operands or operands[0].text == "-"


def script(call: Call) -> Iterator[File | Mystery]:
    """``node -e``, ``perl -e``, ``ruby -e``; with ``-i``, perl and ruby edit their operands in place."""
    name = {"nodejs": "node"}.get(call.name, call.name)
    options = parse(call.words, _SCRIPTS[name])
    if options.has("version", "v", "V", "h", "help", "check"):
        return
    texts, operands = options.all("e", "E", "eval", "print"), options.operands
    if name == "node" and options.has("e", "p", "pe", "eval", "print") and not texts:
        texts, operands = operands[:1], operands[1:]
    if not texts and call.stdin is not None and (not operands or operands[0].text == "-"):
        texts = [call.stdin]
    if (
        not texts
        or options.wild
        or options.has("require", "import", "I")
        or (name == "node" and options.has("r"))
    ):
        yield Mystery(f"{call.name} runs a script or a library that is not known")
    loads = [Word(f"use {word.text};") for word in options.all("M", "m")] if name == "perl" else []
    loads += [Word(f"require '{word.text}'") for word in options.all("r")] if name == "ruby" else []
    for text in (*loads, *texts):
        yield from scan(name, text)
    if options.has("i") and name != "node":
        suffix = options.value("i")
        for word in operands:
            yield File(word)
            if suffix and suffix.text:
                yield kept(word, suffix.text)


def line_editor(call: Call) -> Iterator[File | Mystery]:
    """``ed`` and ``ex``: the file named; a script may also write others or run commands."""
    options = parse(call.words, Spec("p:" if call.name == "ed" else "c:S:u:", "cmd:"))
    yield from (File(word) for word in options.operands if not word.text.startswith("+"))
    given = options.all("c", "cmd") + [word for word in options.operands if word.text.startswith("+")]
    scripts = [call.stdin, *given] if call.stdin else given
    reads = options.has("S", "u") or (
        options.has("s") and not options.has("e", "E") and call.name not in {"ed", "ex"}
    )
    if (
        reads
        or not scripts
        or not all(word.exact for word in scripts)
        or any(_strays(word.text) for word in scripts)
    ):
        yield Mystery(f"{call.name} runs commands that are not known, or that write elsewhere")


def _strays(text: str) -> bool:
    """Whether an editor's script may write a file of its own choice: a ``w`` with a name, a shell command."""
    return bool(
        re.search(
            r"(?m)[!|]|(?:w|wq|W|x|sav\w*|up\w*)[ \t]+\S|^[:\d,$]*(?:e|E|f|so\w*|bufdo|argdo)[ \t]", text
        )
    )


RULES: dict[str, Callable[[Call], Effects]] = {
    **dict.fromkeys(_PREFIXES, prefix),
    **dict.fromkeys(("bash", "dash", "sh", "zsh", "ksh"), shell),
    **dict.fromkeys(("node", "nodejs", "perl", "ruby"), script),
    **dict.fromkeys(("python", "python2", "python3"), python),
    **dict.fromkeys(("ed", "ex", "vi", "vim", "nvim"), line_editor),
    **dict.fromkeys(("fd", "fdfind"), finder),
    "env": environment,
    "find": find,
    "flock": flock,
    "sudo": sudo,
    "xargs": arguments,
}
