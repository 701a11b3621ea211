"""What a short Python program writes, as far as simple means can tell.

Only literal paths, and names that are given one once, are followed. A program is harmless when it loads
nothing but modules that write nothing, and calls nothing that could write.
"""

import ast
import posixpath
import warnings
from collections import Counter
from collections.abc import Iterator

from lsp_orch.domain.shell.writes import UNKNOWN, File, Mystery, Word

_MODULES = frozenset(
    """
    __future__ abc argparse array ast base64 binascii bisect calendar cmath collections colorsys
    configparser copy csv dataclasses datetime decimal difflib dis email enum errno fnmatch fractions
    functools getpass glob graphlib hashlib heapq hmac html inspect io ipaddress itertools json keyword
    locale math numbers operator os os.path pathlib platform pprint random re secrets shlex stat
    statistics string struct sys sysconfig textwrap time token tokenize tomllib traceback types typing
    unicodedata urllib.parse uuid warnings zoneinfo
    """.split()
)
_OS = frozenset(
    """
    path environ getcwd getenv listdir scandir stat lstat walk sep linesep name uname getpid getppid
    cpu_count access fspath fsencode fsdecode curdir pardir extsep get_terminal_size strerror PathLike
    R_OK W_OK X_OK F_OK error remove unlink
    """.split()
)
_RUNS = frozenset(
    """
    eval exec compile __import__ getattr setattr globals locals vars breakpoint input_hook __builtins__
    FileType methodcaller __subclasses__ __globals__ __dict__ __class__ modules import_module FileIO
    open_code
    """.split()
)
_WRITES = frozenset(
    """
    write_text write_bytes unlink touch rename mkdir rmdir symlink_to hardlink_to link_to chmod lchmod
    removedirs makedirs renames truncate extractall extract copytree rmtree move system popen
    """.split()
)


def effects(program: Word) -> Iterator[File | Mystery]:
    """The files that the program writes, and a mystery when it may write others."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # what the program's author would be told
            tree = ast.parse(program.text)
    except (SyntaxError, ValueError, MemoryError, RecursionError):
        yield Mystery("python runs a program that cannot be read")
        return
    yield from _Reader(tree).effects()


class _Reader:
    """One program; ``known`` are the names that stand for the same paths all the time."""

    def __init__(self, tree: ast.Module) -> None:
        self._tree = tree
        self._used = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Attribute)}
        self._used |= {id(node.func) for node in ast.walk(tree) if isinstance(node, ast.Call)}
        self._known: dict[str, tuple[str, ...]] = {}
        names = Counter(_bound(tree))
        for node in ast.walk(tree):
            match node:
                case ast.Assign(targets=[ast.Name(id=name)], value=value) if names[name] == 1:
                    self._known[name] = self._paths(value)
                case ast.For(target=ast.Name(id=name), iter=ast.List(elts=each) | ast.Tuple(elts=each)) if (
                    names[name] == 1 and all(map(self._paths, each))
                ):
                    self._known[name] = tuple(path for one in each for path in self._paths(one))

    def effects(self) -> Iterator[File | Mystery]:
        """In the order of the program's parts."""
        for node in ast.walk(self._tree):
            match node:
                case ast.Import(names=names):
                    yield from self._loads([each.name for each in names], [each.asname for each in names])
                case ast.ImportFrom(module=module, names=names, level=level):
                    yield from self._takes("." * level + (module or ""), [each.name for each in names])
                case ast.Call():
                    yield from self._called(node)
                case ast.Name(id=name) | ast.Attribute(attr=name) if name in _RUNS:
                    yield Mystery(f"python runs {name}, which may do anything")
                case ast.Attribute(value=ast.Name(id="os"), attr=name) if name not in _OS:
                    yield Mystery(f"python runs os.{name}")
                case ast.Name(id="os" | "open" as name) if id(node) not in self._used:
                    yield Mystery(f"python hands {name} on")  # then nobody sees what is called

    def _loads(self, names: list[str], others: list[str | None]) -> Iterator[Mystery]:
        for name, other in zip(names, others, strict=True):
            if name not in _MODULES or (other and name in {"os", "pathlib", "io"}):
                yield Mystery(f"python loads {name}, which may write")

    def _takes(self, module: str, names: list[str]) -> Iterator[Mystery]:
        if (
            module not in _MODULES
            or module == "io"
            or (module == "os" and not set(names) <= _OS - {"remove", "unlink"})
        ):
            yield Mystery(f"python loads {module}, which may write")
        if "*" in names:
            yield Mystery(f"python loads everything of {module}")

    def _called(self, call: ast.Call) -> Iterator[File | Mystery]:
        match call.func:
            case ast.Name(id="open"):
                yield from self._opened(call, call.args[:1], call.args[1:2])
            case ast.Attribute(value=ast.Name(id="io" | "os"), attr="open"):
                yield Mystery("python opens a file in a way of its own")
            case ast.Attribute(value=ast.Name(id="os"), attr="remove" | "unlink"):
                yield from self._named(call.args[0] if call.args else None, "removes")
            case ast.Attribute(value=target, attr="open"):
                yield from self._opened(call, [target], call.args[:1])
            case ast.Attribute(value=target, attr="rename" | "replace") if (
                len(call.args) == 1 and not call.keywords
            ):
                yield from self._named(target, "moves")
                yield from self._named(call.args[0], "writes")
            case ast.Attribute(value=target, attr="unlink"):
                yield from self._named(target, "removes")
            case ast.Attribute(value=target, attr="write_text" | "write_bytes" | "touch"):
                yield from self._named(target, "writes")
            case ast.Attribute(attr=name) if name in _WRITES or any(
                each.arg == "target" for each in call.keywords
            ):
                yield Mystery(f"python runs {name}")

    def _opened(self, call: ast.Call, path: list[ast.expr], mode: list[ast.expr]) -> Iterator[File | Mystery]:
        given = mode or [each.value for each in call.keywords if each.arg == "mode"]
        named = path or [each.value for each in call.keywords if each.arg == "file"]
        if any(each.arg in {None, "opener"} for each in call.keywords) or any(
            isinstance(each, ast.Starred) for each in call.args
        ):
            yield Mystery("python opens a file that is not known")
        elif given and not (isinstance(given[0], ast.Constant) and isinstance(given[0].value, str)):
            yield Mystery("python opens a file, perhaps to write")
        elif given and set(str(getattr(given[0], "value", ""))) & set("wax+"):
            yield from self._named(named[0] if named else None, "writes")

    def _named(self, node: ast.expr | None, verb: str) -> Iterator[File | Mystery]:
        paths = self._paths(node)
        if not paths or any(UNKNOWN in path for path in paths):
            yield Mystery(f"python {verb} a file that is not known")
        else:
            yield from (File(Word(path), verb) for path in paths)

    def _paths(self, node: ast.AST | None) -> tuple[str, ...]:
        """What an expression may stand for: a literal, ``Path("…")`` of one, or a name for it."""
        match node:
            case ast.Constant(value=str(text)):
                return (text,)
            case ast.Name(id=name):
                return self._known.get(name, ())
            case ast.Call(
                func=ast.Name(id="Path") | ast.Attribute(value=ast.Name(id="pathlib"), attr="Path"),
                args=[inner],
            ):
                return self._paths(inner)
            case ast.BinOp(left=left, op=ast.Div(), right=right):
                return tuple(
                    posixpath.join(folder, name)
                    for folder in self._paths(left)
                    for name in self._paths(right)
                )
            case _:
                return ()


def _bound(tree: ast.Module) -> Iterator[str]:
    """Each name as often as something is bound to it."""
    for node in ast.walk(tree):
        match node:
            case ast.Name(id=name, ctx=ast.Store() | ast.Del()) | ast.arg(arg=name):
                yield name
            case ast.FunctionDef(name=name) | ast.ClassDef(name=name) | ast.ExceptHandler(name=str(name)):
                yield name
            case ast.alias(name=name, asname=other):
                yield other or name
            case (
                ast.MatchAs(name=str(name))
                | ast.MatchStar(name=str(name))
                | ast.AugAssign(target=ast.Name(id=name))
            ):
                yield name
