"""Front matter: what is not changed stays byte for byte."""

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from lsp_orch.adapters.front_matter import Document, UnreadableError, amend, compose, parse, split

OWNED = """\
---
# who looks after this: Ada
title:   "The parser"   # two blanks, on purpose
tags:
# the first tag is the component
- parser # really
-   windows

# below: what Obsidian keeps
aliases: ['map', "file map"]
cssclass:
    wide
nested: {a:   1, b: [x,   y]}
updated: 2026-01-01 # by hand
---

Body with --- in it
---
and an end without a line break"""


def taken_apart(text: str) -> Document:
    document = split(text)
    assert document is not None
    return document


def test_a_file_taken_apart_is_the_same_file() -> None:
    assert taken_apart(OWNED).text == OWNED
    assert taken_apart("\ufeff" + OWNED.replace("\n", "\r\n")).text == "\ufeff" + OWNED.replace("\n", "\r\n")


def test_a_change_touches_its_own_lines_and_no_others() -> None:
    changed = amend(
        taken_apart(OWNED), {"tags": ("parser", "map"), "updated": "now", "paths": ("src/",)}
    ).text
    assert changed == OWNED.replace("-   windows\n", "- map\n").replace(
        "2026-01-01 #", "now        #"
    ).replace("# by hand\n", "# by hand\npaths: [src/]\n")


def test_setting_what_is_there_changes_no_byte_of_unknown_keys() -> None:
    values, _ = parse(taken_apart(OWNED))
    changed = amend(taken_apart(OWNED), {"title": values["title"]}).text
    assert [line for line in changed.splitlines() if not line.startswith("title")] == [
        line for line in OWNED.splitlines() if not line.startswith("title")
    ]


def test_windows_line_ends_stay() -> None:
    text = "---\r\ntitle: a\r\ntags: [x]\r\n---\r\nbody\r\n"
    assert amend(taken_apart(text), {"tags": ("x", "y")}).text == text.replace("[x]", "[x, y]")


def test_keys_on_one_line_and_anchors_are_changed_too() -> None:
    flow = amend(taken_apart("---\n{title: a, tags: [x]}\n---\n"), {"title": "b"})
    assert parse(flow)[0] == {"title": "b", "tags": ["x"]}
    anchored = amend(taken_apart("---\ntags: &t [a]\nmine: *t\n---\n"), {"tags": "b"})
    assert parse(anchored)[0] == {"tags": "b", "mine": ["a"]}


def test_front_matter_is_only_what_stands_at_the_top() -> None:
    assert split("# Title\n---\na: 1\n---\n") is None
    assert split("---\ntitle: never closed\n") is None


words = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)
keys = st.from_regex(r"[a-z][a-z_-]{0,8}", fullmatch=True)
own = st.dictionaries(keys, words | st.lists(words, max_size=3) | st.integers() | st.booleans(), max_size=5)


@given(own, own, words)
@example({"a": "\x85"}, {}, "")
@example({}, {"a": ["\u2028", "\r"]}, "")
@example({"a": ["?0"]}, {}, "")
@example({"a": ["b", "a"]}, {"a": ["a", "b"]}, "")
@example({"a": ["b", "b"]}, {"a": ["b"]}, "")
def test_any_values_can_be_written_changed_and_read_back(
    first: dict[str, object], second: dict[str, object], body: str
) -> None:
    document = taken_apart(compose(first, body))
    assert parse(document)[0] == first
    changed = amend(document, second)
    assert parse(changed)[0] == first | second
    assert changed.body == document.body


# Text that YAML takes for something else unless it is quoted, by what it would be taken for.
ODD = {
    "a key": [
        "?",
        "?a",
        "? a",
        "? ? a",
        "?\xa0",
        "?\n",
        "a ? b",
        "a:",
        "a: b",
        "a:b",
        "::",
        "?: a",
        "? a: b",
    ],
    "a value": [":", ":a", ": a", ": : ", ":\ta"],
    "an item": ["-", "- ", "- a", "- - a", "-a", "-\ta", "a - b"],
    "a list or a mapping": ["[", "]", "[a]", "{", "}", "{a: 1}", ",", "a,b", "a, b"],
    "a comment": ["#", "# a", "#a", "a # b", "a#b"],
    "a directive": ["%", "%a", "%YAML 1.2"],
    "nothing yet": ["@a", "`a"],
    "a tag": ["!", "!a", "!!str a"],
    "an anchor": ["&", "&a", "&a b", "*", "*a", "<<", "="],
    "a block": ["|", "|a", ">", ">-"],
    "quotes": ["'", "''", '"', "'a'", '"a"', "it's", "\\", "\\n"],
    "the end": ["---", "--- a", "...", "... a", "a\n---\nb", "a\n...\nb", "---\na"],
    "null": ["null", "Null", "~", ""],
    "a truth": ["yes", "no", "on", "off", "y", "n", "true", "False"],
    "a number": [
        "0",
        "-1",
        "+1",
        "1e3",
        "1.5e3",
        "0x1",
        "0o7",
        "010",
        "0b1",
        "1_000",
        ".5",
        "5.",
        ".inf",
        ".nan",
        "1:30",
    ],
    "a time": ["2026-01-01", "2026-01-01T10:00:00Z", "2026-01-01 10:00:00"],
    "a margin": [" ", "  ", " a", "a ", "\t", "\ta", "a\t", "a\t#b", "\ufeff", "\ufeffa", "\xa0"],
    "a line end": [
        "\n",
        "a\n",
        "\na",
        "a\nb",
        "a\n\nb",
        "a\n b",
        " a\nb",
        "\r",
        "a\r\nb",
        "a\x85b",
        "\u2028",
        "a\u2029b",
    ],
    "no character": ["\x00", "\x07", "\x0b", "\x0c", "\x1b", "\x1c", "\x7f", "\x9f", "\ufffe", "\U0010ffff"],
}
FRONTS = ["a: 1 # why\nb: 2\n", "a:\n- x\nb: 2\n", "{a: 1, b: 2}\n"]


@pytest.mark.parametrize("text", [text for texts in ODD.values() for text in texts], ids=ascii)
def test_odd_text_is_the_same_text_wherever_it_is_written(text: str) -> None:
    for value in (text, [text], ["x", text, "y"], {"session": text}):
        assert parse(taken_apart(compose({"a": value, "z": 1}, "")))[0] == {"a": value, "z": 1}
        for front in FRONTS:
            document = taken_apart(f"---\n{front}---\n")
            assert parse(amend(document, {"a": value}))[0] == parse(document)[0] | {"a": value}


@pytest.mark.parametrize(
    ("front", "line"),
    [
        ("a: [1\nb: 2\n", 3),
        ("a: 1\nb: 2\na: 3\n", 4),
        ("created: 2026-13-45\n", 2),
        ("a: \x01\n", 2),
        ("- a\n- b\n", 2),
        ("[" * 2000 + "\n", 2),
        ("a: " + "9" * 5000 + "\n", 2),
        ("a: !!set x\n", 2),
        ("x: " + "y" * 70_000 + "\n", 1),
    ],
)
def test_what_is_no_yaml_names_its_line(front: str, line: int) -> None:
    with pytest.raises(UnreadableError) as caught:
        parse(taken_apart(f"---\n{front}---\n"))
    assert caught.value.line == line


def test_an_error_never_shows_a_value() -> None:
    with pytest.raises(UnreadableError) as caught:
        parse(taken_apart("---\npassword: first\npassword: hunter2\n---\n"))
    assert "hunter2" not in str(caught.value)
    assert "first" not in str(caught.value)
