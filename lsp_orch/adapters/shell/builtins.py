"""Commands that change the shell itself: where it is, its variables, what comes next."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from lsp_orch.adapters.shell.nodes import assigned
from lsp_orch.adapters.shell.words import Scene
from lsp_orch.domain.shell.options import Spec, parse
from lsp_orch.domain.shell.state import Ends, State, ends
from lsp_orch.domain.shell.writes import Known, Sort, Word

if TYPE_CHECKING:
    from lsp_orch.adapters.shell.commands import Commands

_READ = Spec("a:d:i:n:N:p:t:u:")
_MAPFILE = Spec("d:n:O:s:u:C:c:")
_SET = frozenset("euxvEhmbaTH")
_SET_LONG = frozenset(
    "errexit nounset pipefail xtrace verbose errtrace functrace allexport monitor history".split()
)
_SHOPT = frozenset(("nullglob", "failglob", "globstar", "lastpipe", "inherit_errexit"))


@dataclass(frozen=True, slots=True, kw_only=True)
class Builtin:
    """One call of a builtin."""

    words: tuple[Word, ...]
    scene: Scene
    commands: "Commands"
    stdin: Word | None

    @property
    def state(self) -> State:
        """What the shell knows."""
        return self.scene.state

    @property
    def rest(self) -> tuple[Word, ...]:
        """The words after the name."""
        return self.words[1:]

    def mystery(self, why: str) -> Ends:
        """Note that nobody can know what this does."""
        self.commands.record.mystery(why)
        return ends(self.state)


def _cd(call: Builtin) -> Ends:
    operands = parse(call.rest, Spec()).operands
    before = call.scene.view.folder
    if not operands:
        target = call.scene.lookup("HOME").words
    elif operands[0].text == "-":
        target = call.scene.lookup("OLDPWD").words
    else:
        target = (operands[0],)
    state = call.state.having({"OLDPWD": (Word(before),)}) if before else call.state.unsure_of(["OLDPWD"])
    word = target[0] if len(target) == 1 else Word("", Known.ONE)
    relative = not word.text.startswith(("/", "./", "../")) and word.text not in {".", ".."}
    searched = relative and bool(call.scene.lookup("CDPATH").words[:1]) and "CDPATH" in call.scene.environment
    if (
        not word.exact
        or searched
        or (relative and not before)
        or (not before and not word.text.startswith("/"))
    ):
        return Ends(state.at(), call.state)
    sure = call.scene.view.sort(word.text) is Sort.FOLDER
    return Ends(state.at(call.scene.view.settle(word.text)), None if sure else call.state)


def _pushd(call: Builtin) -> Ends:
    if not parse(call.rest, Spec()).operands or call.rest[0].text.startswith(("+", "-")):
        return ends(replace(call.state.at(), stack=()))
    pushed = replace(call.state, stack=(*call.state.stack, call.state.folders))
    found = _cd(replace(call, scene=replace(call.scene, state=pushed)))
    return Ends(found.ok, None if found.failed is None else call.state)


def _popd(call: Builtin) -> Ends:
    stack = call.state.stack
    if call.rest or not stack:
        return ends(replace(call.state.at(), stack=()))
    return ends(replace(call.state.at(*stack[-1]), stack=stack[:-1]))


def _eval(call: Builtin) -> Ends:
    loose = len(call.rest) > 1 and any(letter in word.text for word in call.rest for letter in "*?[")
    if loose or not all(word.exact for word in call.rest):
        return call.mystery("eval runs what is not known")
    return call.commands.walk.program(" ".join(word.text for word in call.rest), call.state)


def _source(call: Builtin) -> Ends:
    path = call.rest[0].text if call.rest else ""
    if path.endswith("/bin/activate"):  # a virtual environment's own, which writes nothing
        return ends(call.state)
    return call.mystery(f"{call.words[0].text} {path} runs a script that is not known")


def _exit(call: Builtin) -> Ends:
    del call  # nothing after it runs
    return Ends(None, None)


def _break(call: Builtin) -> Ends:
    walk = call.commands.walk
    if not walk.loops:
        return ends(call.state)
    walk.escapes.append(call.state)
    return Ends(None, None)


def _return(call: Builtin) -> Ends:
    walk = call.commands.walk
    if not walk.calls:
        return ends(call.state)
    walk.escapes.append(call.state)
    return Ends(None, None)


def _plainly(call: Builtin) -> Ends:
    """``command``, ``builtin`` and ``time`` before a command."""
    options = parse(call.rest, Spec("f:o:" if call.words[0].text == "time" else "", stops=True))
    if not options.operands or options.has("v", "V"):
        return ends(call.state)
    hidden = replace(call.state, functions={}) if call.words[0].text != "time" else call.state
    found = call.commands.command(options.operands, replace(call.scene, state=hidden), call.stdin)
    return Ends(*(each and replace(each, functions=call.state.functions) for each in found))


def _read(call: Builtin) -> Ends:
    options = parse(call.rest, _READ)
    names = options.operands + options.all("a")
    return _changes(call, names or [Word("REPLY")])


def _mapfile(call: Builtin) -> Ends:
    options = parse(call.rest, _MAPFILE)
    if options.has("C"):
        return call.mystery("mapfile -C runs a command")
    return _changes(call, options.operands or [Word("MAPFILE")])


def _getopts(call: Builtin) -> Ends:
    return _changes(call, [*call.rest[1:2], Word("OPTARG"), Word("OPTIND")])


def _printf(call: Builtin) -> Ends:
    return _changes(call, list(call.rest[1:2])) if call.rest[:1] == (Word("-v"),) else ends(call.state)


def _let(call: Builtin) -> Ends:
    return _changes(call, [Word(name) for word in call.rest for name in assigned(word.text)])


def _changes(call: Builtin, names: list[Word]) -> Ends:
    if not all(word.exact for word in names):
        return ends(call.state.cloud())
    return ends(call.state.unsure_of(name.text.partition("[")[0] for name in names))


def _set(call: Builtin) -> Ends:
    rest = list(call.rest)
    while rest and rest[0].exact and rest[0].text[:1] in {"-", "+"}:
        option = rest.pop(0).text
        if option in {"--", "-"}:
            return ends(replace(call.state, arguments=tuple(rest)))
        letters = set(option[1:])
        if "o" in letters and rest:
            letters.discard("o")
            letters |= set() if rest.pop(0).text in _SET_LONG else {"?"}
        if not letters <= _SET:
            return call.mystery(f"set {option} changes what words mean")
    return ends(replace(call.state, arguments=tuple(rest)) if rest else call.state)


def _shift(call: Builtin) -> Ends:
    amount = call.rest[0].text if call.rest else "1"
    arguments = call.state.arguments
    if not amount.isdigit() or any(word.known is Known.ANY for word in arguments):
        return ends(replace(call.state, arguments=(Word("", Known.ANY),)))
    return ends(replace(call.state, arguments=arguments[int(amount) :]))


def _trap(call: Builtin) -> Ends:
    handler = call.rest[0] if len(call.rest) > 1 else Word("-")
    if handler.exact and handler.text in {"", "-", "--", "-p", "-l"}:
        return ends(call.state)
    return call.mystery("trap runs a command later")


def _shopt(call: Builtin) -> Ends:
    options = parse(call.rest, Spec())
    if options.has("s", "u") and not {word.text for word in options.operands} <= _SHOPT:
        return call.mystery("shopt changes what words mean")
    return ends(call.state)


def _alias(call: Builtin) -> Ends:
    if all(word.exact and "=" not in word.text for word in call.rest):
        return ends(call.state)
    return call.mystery("alias gives a command another meaning")


def _export(call: Builtin) -> Ends:
    """Where the grammar did not see a declaration: behind ``command``, or with the name in quotes."""
    return ends(call.state.cloud())


BUILTINS: Mapping[str, Callable[[Builtin], Ends]] = {
    ".": _source,
    "alias": _alias,
    "break": _break,
    "builtin": _plainly,
    "cd": _cd,
    "command": _plainly,
    "continue": _break,
    "declare": _export,
    "eval": _eval,
    "exit": _exit,
    "export": _export,
    "getopts": _getopts,
    "let": _let,
    "local": _export,
    "mapfile": _mapfile,
    "popd": _popd,
    "printf": _printf,
    "pushd": _pushd,
    "read": _read,
    "readarray": _mapfile,
    "readonly": _export,
    "return": _return,
    "set": _set,
    "shift": _shift,
    "shopt": _shopt,
    "source": _source,
    "time": _plainly,
    "trap": _trap,
    "typeset": _export,
    "unset": _export,
}
