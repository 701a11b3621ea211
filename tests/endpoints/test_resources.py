"""Resources as people write them, and as they are shown again."""

from pathlib import Path

import pytest

from lsp_orch.adapters.paths import RealPaths
from lsp_orch.domain.errors import Code, Misuse, Refusal
from lsp_orch.domain.scope import MOST, Kind, Scope
from lsp_orch.endpoints.resources import Resources, shown

RESOURCES = Resources(RealPaths())


@pytest.fixture
def root(tmp_path: Path) -> Path:
    root = tmp_path.resolve()
    (root / ".git").mkdir()
    (root / "src" / "[x]").mkdir(parents=True)
    (root / "src" / "a.py").touch()
    (root / "odd*name").touch()
    (root / "door").symlink_to("src")
    return root


def read(root: Path, *texts: str, cwd: str = "") -> tuple[Scope, ...] | Refusal:
    return RESOURCES.read(texts, str(root), str(root / cwd))


@pytest.mark.parametrize(
    ("text", "kind", "again"),
    [
        ("src/a.py", Kind.FILE, "src/a.py"),
        ("new.py", Kind.FILE, "new.py"),
        ("src", Kind.DIR, "src/"),
        ("new/", Kind.DIR, "new/"),
        ("./", Kind.DIR, "./"),
        ("door", Kind.DIR, "src/"),
        ("door/a.py", Kind.FILE, "src/a.py"),
        ("src/../src/./a.py", Kind.FILE, "src/a.py"),
        ("src/*.py", Kind.GLOB, "src/*.py"),
        ("door/**/*.py", Kind.GLOB, "src/**/*.py"),
        ("src/**", Kind.DIR, "src/"),
        ("{src,doc}/a.py", Kind.GLOB, "{src,doc}/a.py"),
        ("odd*name", Kind.FILE, "odd*name"),
        ("src/[x]", Kind.DIR, "src/[x]/"),
        ("port:8080", Kind.PORT, "port:8080"),
        ("port:08080", Kind.PORT, "port:8080"),
        ("terminal:dev", Kind.TERMINAL, "terminal:dev"),
        ("mcp:browser", Kind.MCP, "mcp:browser"),
        ("git:commit", Kind.GIT, "git:commit"),
        ("./port:1", Kind.FILE, "port:1"),
        ("c:d", Kind.FILE, "c:d"),
    ],
)
def test_what_is_read_is_shown_alike(root: Path, text: str, kind: Kind, again: str) -> None:
    found = read(root, text)
    assert isinstance(found, tuple)
    (scope,) = found
    assert scope.kind is kind
    assert shown(scope, str(root)) == again
    assert read(root, f"./{again}" if text == "./port:1" else again) == found


def test_paths_are_seen_from_the_folder_of_the_caller(root: Path) -> None:
    assert read(root, "a.py", "*.py", cwd="src") == read(root, "src/a.py", "src/*.py")


def test_the_same_twice_is_once(root: Path) -> None:
    assert len(read(root, "src/a.py", "door/a.py", "src/a.py")) == 1  # type: ignore[arg-type]  # not refused


@pytest.mark.parametrize("text", ["../x.py", "/etc/passwd", "../*.py", "/**", "C:/x/../../../y"])
def test_what_lies_outside_is_refused(root: Path, text: str) -> None:
    found = read(root, text)
    assert isinstance(found, Refusal)
    assert found.code is Code.PATH_OUTSIDE


@pytest.mark.parametrize("text", ["**", "**/*", "*/**", "./**/**"])
def test_a_pattern_for_everything_is_refused(root: Path, text: str) -> None:
    found = read(root, text)
    assert isinstance(found, Refusal)
    assert found.code is Code.LEASE_TOO_BROAD
    assert "./" in found.hint


def test_ten_thousand_paths_are_refused_with_a_way_out(root: Path) -> None:
    found = read(root, *(f"{number}.py" for number in range(10_000)))
    assert isinstance(found, Refusal)
    assert (found.code, str(MOST) in found.message) == (Code.LEASE_TOO_BROAD, True)


@pytest.mark.parametrize(
    "text",
    ["port:0", "port:65536", "port:x", "port:", "terminal:", "mcp:a/b", "git:status", "src/*/../x", "a\0b"],
)
def test_what_there_cannot_be_is_misuse(root: Path, text: str) -> None:
    with pytest.raises(Misuse):
        read(root, text)
