"""What single commands write, by their rules alone: no file is looked at."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lsp_orch.domain.shell import rules
from lsp_orch.domain.shell.options import Spec, parse
from lsp_orch.domain.shell.patch import patched
from lsp_orch.domain.shell.rules import HARMLESS, RULES
from lsp_orch.domain.shell.scripts import awk, scan, sed
from lsp_orch.domain.shell.state import UNSURE, Ends, State, join
from lsp_orch.domain.shell.text import Atom, Place, TooMuch, braces, printed, trimmed, unescaped
from lsp_orch.domain.shell.writes import (
    HERE,
    Call,
    Code,
    Effect,
    File,
    Known,
    Link,
    Mystery,
    NewFolder,
    Run,
    Sort,
    Tree,
    Word,
    under,
)

ONE, ANY = Word("…", Known.ONE), Word("…", Known.ANY)
WORDS = st.one_of(
    st.sampled_from(
        [
            "-i",
            "-r",
            "-rf",
            "-o",
            "-c",
            "-e",
            "-t",
            "-f",
            "-x",
            "-C",
            "--",
            "-",
            "-exec",
            ";",
            "{}",
            "+",
            "--output",
            "--in-place=x",
            "of=a",
            "a",
            "b/c",
        ]
    ),
    st.text("-aciextfoORprs=/.", max_size=5),
).map(Word) | st.sampled_from([ONE, ANY, Word("d", Known.BELOW)])


class Paper:
    """Files that are only said to be there: a name with a dot is a file, one with a slash behind a folder."""

    def sort(self, path: str) -> Sort:
        return Sort.FOLDER if path.endswith(("dir", "/", ".")) else Sort.FILE if "." in path else Sort.ABSENT

    def is_link(self, path: str) -> bool:
        return "link" in path

    def read(self, path: str) -> str | None:
        return "--- a/x.py\n+++ b/x.py\n" if path == "known.patch" else None

    def checkout(self, folder: str) -> str:
        return f"/top/of/{folder}"


def effects(text: str, *more: Word) -> list[Effect]:
    name, *rest = text.split()
    words = (*map(Word, rest), *more)
    return list(rules.effects(Call(name=name, words=words, look=Paper())))


@pytest.mark.parametrize(
    ("command", "expected"),
    [
        ("ls -la", []),
        ("tee -a a", [File(Word("a"))]),
        ("cp a.py dir", [File(Word("dir/a.py"))]),
        ("cp -P link.py b", [File(Word("b")), Link(Word("b"))]),
        ("mv a.py b", [File(Word("a.py"), "moves"), File(Word("b"))]),
        ("mv dir b", [Tree(Word("dir"), "moves"), Tree(Word("b"))]),
        ("rm -r a", [Tree(Word("a"), "removes")]),
        ("mkdir a", [NewFolder(Word("a"))]),
        ("env -i A=1 ls", [Run((Word("ls"),))]),
        ("bash -c ls", [Code("bash", Word("ls"))]),
        ("python -c x", [Code("python", Word("x"))]),
        ("git stash", [Tree(Word("/top/of/."))]),
        ("git -C dir mv a b", [Run((Word("mv"), Word("a"), Word("b")), folder=Word("dir"))]),
        ("nonsense --version", []),
        ("nonsense", [Mystery("nonsense is not a command whose writes are known")]),
    ],
)
def test_a_rule_says_what_a_command_does(command: str, expected: list[Effect]) -> None:
    assert effects(command) == expected


@pytest.mark.parametrize("command", ["sed", "sort", "awk", "curl", "tar", "uniq", "git diff", "find", "xxd"])
def test_words_that_may_be_options_may_write(command: str) -> None:
    assert not any(isinstance(each, Mystery) for each in effects(command, Word("p"), Word("a.py")))
    assert any(isinstance(each, Mystery) for each in effects(command, ANY))


@pytest.mark.parametrize("command", ["rm", "cp a", "tee", "touch", "sed -i p", "git checkout --", "mv a"])
def test_what_is_written_stays_not_known_when_it_is_not(command: str) -> None:
    found = [each for each in effects(command, ONE) if isinstance(each, File | Tree)]
    assert found
    assert all(
        not each.word.exact or each.word.text.startswith("/top") for each in found if each.word.text != "a"
    )


def test_no_command_is_both_harmless_and_not() -> None:
    assert not HARMLESS & RULES.keys()


@given(st.sampled_from(sorted(RULES)), st.lists(WORDS, max_size=6))
def test_no_words_are_too_odd_for_a_rule(name: str, words: list[Word]) -> None:
    for stdin in (None, Word("w x\n--- a\n+++ b\n"), ONE):
        found = list(rules.effects(Call(name=name, words=tuple(words), look=Paper(), stdin=stdin)))
        assert all(isinstance(each, Effect) for each in found)


def test_options_are_read_as_getopt_reads_them() -> None:
    spec = Spec("i::e:", "in-place:: expression: quiet")
    options = parse(
        tuple(map(Word, ["-ni.b", "-ep", "x", "--in-pl=z", "--expr", "y", "--qu", "--", "-n"])), spec
    )
    assert [word.text for word in options.operands] == ["x", "-n"]
    assert options.dashed == 1
    assert [word.text for word in options.all("i", "in-place", "e", "expression")] == [".b", "z", "p", "y"]
    assert options.has("quiet", "n")
    stopped = parse(tuple(map(Word, ["-a", "b", "-c"])), Spec(stops=True))
    assert [word.text for word in stopped.operands] == ["b", "-c"]


@pytest.mark.parametrize(
    ("script", "files"),
    [
        ("s/a/b/", []),
        ("s/a/b/w out", ["out"]),
        ("s|/w x|y|;p", []),
        ("s/[/w]/x/g", []),
        ("/a/,$!{s/x/w y/;w out\n}", ["out"]),
        ("y/abc/wxy/", []),
        ("a\\\nw not a command", []),
        ("1,5p;$d", []),
        ("s/a/b/e", None),
        ("e date", None),
        ("1!G;h;$!d", []),
        ("nonsense", None),
    ],
)
def test_scripts_of_sed_are_understood_or_not_known(script: str, files: list[str] | None) -> None:
    assert read(sed(Word(script))) == files


@pytest.mark.parametrize(
    ("program", "files"),
    [
        ("{print $1 / 2, $3 / 4}", []),
        ("{print a / b > c / d}", None),
        ("$1 > 3", []),
        ("/>/ {print}", []),
        ('/"/ {print > "out"}', ["out"]),
        ('{print "a > b"}', []),
        ('{print "a",\n $2 > "out"}', ["out"]),
        ('{print > "a" ".txt"}', None),
        ('{print > "out"; print >> "more"}', ["out", "more"]),
        ("# print > x\n{print}", []),
        ('{"date" | getline x}', None),
        ("a || b {print}", []),
    ],
)
def test_programs_of_awk_are_understood_or_not_known(program: str, files: list[str] | None) -> None:
    assert read(awk(Word(program))) == files


@pytest.mark.parametrize("language", ["node", "perl", "ruby"])
def test_a_program_that_only_prints_is_harmless(language: str) -> None:
    assert read(scan(language, Word("print(1)"))) == []
    assert read(scan(language, Word("eval(x)"))) is None
    assert read(scan(language, ONE)) is None


def read(found: object) -> list[str] | None:
    assert hasattr(found, "__iter__")
    told = list(found)
    return None if any(isinstance(each, Mystery) for each in told) else [each.word.text for each in told]


def test_a_patch_names_its_files() -> None:
    git = "diff --git a/x/y b/x/z\nrename from x/y\nrename to x/z\n"
    assert patched(git, 1) == {"x/y", "x/z"}
    assert patched("--- x/y.orig\t2020\n+++ x/y\t2020\n", 0) == {"x/y", "x/y.orig"}
    assert patched("--- /dev/null\n+++ b/new\n", 1) == {"new"}
    assert patched('--- "a/\\303"\n', 1) == frozenset()
    assert {"x/y", "y"} <= patched("--- x/y\n", None)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("a{b,c}d", "abd acd"),
        ("{a,b}{1,2}", "a1 a2 b1 b2"),
        ("{a,{b,c}}", "a b c"),
        ("x{1..3}", "x1 x2 x3"),
        ("{03..01}", "03 02 01"),
        ("{a..e..2}", "a c e"),
        ("{a}", "{a}"),
        ("{a,b", "{a,b"),
        ("{a{b,c}}", "{ab} {ac}"),
        ("{,x}", " x"),
    ],
)
def test_braces_stand_for_words(text: str, words: str) -> None:
    found = braces([Atom(letter) for letter in text])
    assert " ".join("".join(atom.text for atom in word) for word in found) == words


def test_quoted_braces_stand_for_themselves() -> None:
    assert len(braces([Atom("{", quoted=True), *map(Atom, "a,b}")])) == 1


def test_braces_have_an_end() -> None:
    with pytest.raises(TooMuch):
        braces([*map(Atom, "{1..999999}")])
    with pytest.raises(TooMuch):
        braces([*map(Atom, "{a,b}" * 12)])


def test_values_are_trimmed_and_unescaped() -> None:
    assert trimmed("a.b.c", "%", ".*") == "a.b"
    assert trimmed("a.b.c", "%%", ".*") == "a"
    assert trimmed("a/b/c", "#", "*/") == "b/c"
    assert trimmed("a/b/c", "##", "*/") == "c"
    assert trimmed("abc", "%", "x") == "abc"
    assert unescaped(r"a\n\x41\101\'") == "a\nAA'"
    assert unescaped(r"\cx") is None


def test_a_few_commands_print_what_is_known() -> None:
    place = Place(folder="/w", look=Paper(), temporary="/t")
    assert printed([Word("pwd")], place) == "/w"
    assert printed([Word("seq"), Word("3")], place) == "1\n2\n3"
    assert printed([Word("dirname"), Word("a/b")], place) == "a"
    assert printed([Word("date")], place) is None
    assert printed([Word("echo"), ONE], place) is None


def test_states_join_to_what_is_known_in_each() -> None:
    one = State(folders=frozenset({"/a"}), variables={"F": (Word("x"),), "G": (Word("y"),)})
    other = State(folders=frozenset({"/b"}), variables={"F": (Word("x"),), "G": (Word("z"),)})
    both = join(one, None, other)
    assert both == State(folders=frozenset({"/a", "/b"}), variables={"F": (Word("x"),), "G": UNSURE})
    assert join(one, one) == one
    assert join(None, None) is None
    nowhere = join(one, State())
    assert nowhere is not None
    assert nowhere.folders == frozenset()
    assert Ends(one, None).either == one


def test_a_path_is_seen_from_its_folder() -> None:
    assert under(HERE, Word("a")) == Word("a")
    assert under(Word("d"), Word("a")) == Word("d/a")
    assert under(Word("d"), Word("/a")) == Word("/a")
    assert under(ONE, Word("a")).known is Known.ONE
    assert under(Word("d", Known.BELOW), Word("../a")).known is Known.ONE
