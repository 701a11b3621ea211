"""What editors cost the daemon's memory: one more connection, and one more keystroke."""

import statistics

from report import Row
from stage import Stage, stage
from talk import Talk

_DAEMONS = 3  # each measured from fresh: a heap that has grown once has room for the next time
_EDITORS = 40
_CHANGES = 10_000
_BLOCK = 500  # changes between two looks at the memory
_NO_GROWTH = 8.0  # bytes a message, which is noise: a page more now and then


def run() -> list[Row]:
    """Measure both in daemons of their own."""
    connections, keystrokes = [], []
    for _ in range(_DAEMONS):
        with stage() as place:
            connections.append(_connections(place))
        with stage() as place:
            keystrokes.append(_keystrokes(place))
    return [
        Row(
            what=f"daemon RSS with {_EDITORS} editors",
            against="one editor",
            target=5.0,
            unit="MB",
            values=[(many - one) / 2**20 for one, many in connections],
            ours=[many for _, many in connections],
            theirs=[one for one, _ in connections],
            scale="B",
        ),
        Row(
            what=f"daemon RSS over {_CHANGES} didChange, slope",
            against="before them",
            target=_NO_GROWTH,
            unit="B/message",
            values=[_slope(looks) for looks in keystrokes],
            ours=[looks[-1] for looks in keystrokes],
            theirs=[looks[0] for looks in keystrokes],
            scale="B",
        ),
    ]


def _connections(place: Stage) -> tuple[int, int]:
    editors = [_editor(place, 0)]
    one = place.rss()
    editors += [_editor(place, number) for number in range(1, _EDITORS)]
    return one, place.rss()


def _keystrokes(place: Stage) -> list[int]:
    """Look at the memory before and after each block of changes; as many again come first, to warm up."""
    editor = _editor(place, 0)
    _type(place, editor, _CHANGES)
    looks = [place.rss()]
    for _ in range(_CHANGES // _BLOCK):
        _type(place, editor, _BLOCK)
        looks.append(place.rss())
    return looks


def _slope(looks: list[int]) -> float:
    """Fit a line through them: bytes a message."""
    return statistics.linear_regression([_BLOCK * number for number in range(len(looks))], looks).slope


def _editor(place: Stage, number: int) -> Talk:
    editor = place.editor()
    document = {"uri": _uri(place, number), "languageId": "python", "version": 1, "text": "x = 1\n" * 200}
    editor.tell("textDocument/didOpen", {"textDocument": document})
    editor.ask("lspOrch/leases", {})
    return editor


def _type(place: Stage, editor: Talk, times: int) -> None:
    """Overwrite one character again and again, so that the text itself does not grow."""
    where = {"start": {"line": 7, "character": 4}, "end": {"line": 7, "character": 5}}
    for version in range(times):
        change = {"range": where, "text": str(version % 10)}
        document = {"uri": _uri(place, 0), "version": version}
        editor.tell("textDocument/didChange", {"textDocument": document, "contentChanges": [change]})
    editor.ask("lspOrch/leases", {})  # answered once all of them are read


def _uri(place: Stage, number: int) -> str:
    return (place.repository / f"file{number}.py").as_uri()
