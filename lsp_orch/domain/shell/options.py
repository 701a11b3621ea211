"""Options and operands of a command, as getopt sees them."""

from collections.abc import Iterator
from dataclasses import dataclass, field

from lsp_orch.domain.shell.writes import Known, Word


@dataclass(frozen=True, slots=True)
class Spec:
    """Which options take a value, in getopt's notation: ``i::e:`` and ``in-place:: expression: null-data``.

    Two colons mark a value that is only taken when it is attached. Short options without a value need not
    be listed; long ones only to be found by an abbreviation. With ``stops``, the first operand ends the
    options, as for commands that run another; so does any short option in ``last``.
    """

    short: str = ""
    long: str = ""
    stops: bool = False
    last: str = ""


@dataclass(slots=True)
class Options:
    """What was given: each option by its name without hyphens, with its values."""

    values: dict[str, list[Word]] = field(default_factory=dict)
    operands: list[Word] = field(default_factory=list)
    wild: bool = False  # some words are not known, and may be options
    dashed: int | None = None  # how many operands came before ``--``

    def has(self, *names: str) -> bool:
        """Whether any of these options was given."""
        return any(name in self.values for name in names)

    def value(self, *names: str) -> Word | None:
        """The last value of any of these options."""
        found = self.all(*names)
        return found[-1] if found else None

    def all(self, *names: str) -> list[Word]:
        """Every value of these options."""
        return [word for name in names for word in self.values.get(name, ())]


def parse(words: tuple[Word, ...], spec: Spec) -> Options:
    """Sort the words of a command (without its name) into options and operands."""
    options, rest = Options(), iter(words)
    for word in rest:
        if word.known is Known.ANY:
            options.wild = True
        if not word.exact or not word.text.startswith("-") or word.text == "-":
            options.operands.append(word)
            if spec.stops:
                break
        elif word.text == "--":
            options.dashed = len(options.operands)
            break
        elif word.text.startswith("--"):
            _long(options, word.text[2:], spec, rest)
        else:
            _short(options, word.text[1:], spec, rest)
            if options.has(*spec.last):
                break
    for word in rest:
        options.wild = options.wild or (word.known is Known.ANY and not spec.stops)
        options.operands.append(word)
    return options


def _long(options: Options, text: str, spec: Spec, rest: Iterator[Word]) -> None:
    given, attached, value = text.partition("=")
    declared = spec.long.split()
    names = [name.rstrip(":") for name in declared]
    full = given if given in names else next((name for name in names if name.startswith(given)), given)
    values = options.values.setdefault(full, [])
    if attached:
        values.append(Word(value))
    elif f"{full}:" in declared:
        values.extend(_next(options, rest))


def _short(options: Options, text: str, spec: Spec, rest: Iterator[Word]) -> None:
    for at, letter in enumerate(text):
        values = options.values.setdefault(letter, [])
        takes = spec.short.partition(letter)[2][:2]
        if takes.startswith(":"):
            if attached := text[at + 1 :]:
                values.append(Word(attached))
            elif takes != "::":
                values.extend(_next(options, rest))
            return


def _next(options: Options, rest: Iterator[Word]) -> list[Word]:
    word = next(rest, None)
    if word is None:
        return []
    options.wild = options.wild or word.known is Known.ANY
    return [word]
