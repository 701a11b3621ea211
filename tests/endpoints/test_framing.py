"""Frames, whatever the pieces they come in."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lsp_orch.endpoints.framing import Frame, Item, Malformed, Oversized, Parser, frame


def read(data: bytes, *, step: int = 1 << 30, cap: int = 1000) -> list[Item]:
    parser = Parser(cap)
    return [item for at in range(0, len(data), step) for item in parser.feed(data[at : at + step])]


@pytest.mark.parametrize("step", [1, 2, 7, 1 << 30])
def test_frames_are_the_same_whatever_the_pieces_they_come_in(step: int) -> None:
    data = frame(b"one") + frame(b"") + frame(b"two\r\n\r\n", b"Status: ok\r\n")
    assert read(data, step=step) == [Frame(body=b"one"), Frame(body=b""), Frame(body=b"two\r\n\r\n")]


@given(
    bodies=st.lists(st.sampled_from([b"", b"{}", b"\r\n\r\n", b"x" * 40, b"y" * 400]), max_size=6),
    cuts=st.lists(st.integers(0, 1500), max_size=12),
)
def test_wherever_the_pieces_end_each_frame_is_read_once(bodies: list[bytes], cuts: list[int]) -> None:
    data, parser = b"".join(frame(body) for body in bodies), Parser(cap=100)
    ends = [0, *sorted(cuts), len(data)]
    whole = [sum(len(frame(body)) for body in bodies[:count]) for count in range(len(bodies) + 1)]
    for at in (ends, whole):  # anywhere, and just between two frames
        pieces = (data[start:end] for start, end in pairwise(at))
        items = [item for piece in pieces for item in parser.feed(piece)]
        assert [item for item in items if isinstance(item, Frame)] == [
            Frame(body=body) for body in bodies if len(body) <= 100
        ]


@pytest.mark.parametrize("before", [b"", b"\n", b"x" * 400])
def test_a_body_that_looks_like_a_frame_is_a_body(before: bytes) -> None:
    """Also when it is read by itself: its header before, or while a body over the cap is skipped."""
    inner = frame(b"{}")
    parser = Parser(cap=200)
    whole = frame(before + inner)
    pieces = (whole[: -len(inner)], inner)
    (item,) = (item for piece in pieces for item in parser.feed(piece))
    assert item == (
        Frame(body=before + inner) if len(before) < 200 else Oversized(length=423, request="null")
    )


def test_a_frame_behind_half_a_header_belongs_to_the_header() -> None:
    parser = Parser()
    (item,) = (item for piece in (b"X: ", frame(b"{}")) for item in parser.feed(piece))
    assert isinstance(item, Malformed)


def test_header_names_may_be_in_any_case_and_others_are_ignored() -> None:
    data = (
        b"Content-Type: application/vscode-jsonrpc; charset=utf-8\r\ncontent-LENGTH :  2 \r\nX: y\r\n\r\nhi"
    )
    assert read(data) == [Frame(body=b"hi")]


@pytest.mark.parametrize(
    "header",
    [
        b"Content-Type: x",
        b"Content-Length: -1",
        b"Content-Length: +1",
        b"Content-Length: 0x10",
        b"Content-Length: many",
        b"Content-Length:",
        b"Content-Length: " + b"9" * 5000,
        b"GET / HTTP/1.1",
    ],
)
def test_a_header_without_a_valid_length_is_the_end_of_understanding(header: bytes) -> None:
    (item,) = read(header + b"\r\n\r\n" + frame(b"later"))
    assert isinstance(item, Malformed)


def test_a_header_that_never_ends_is_given_up() -> None:
    parser = Parser()
    items = [item for _ in range(100) for item in parser.feed(b"x" * 1000)]
    assert len(items) == 1
    assert isinstance(items[0], Malformed)
    assert len(parser._buffer) == 0


@pytest.mark.parametrize("step", [1, 100, 1 << 30])
def test_a_body_over_the_cap_is_skipped_and_the_next_one_read(step: int) -> None:
    body = b'{"jsonrpc":"2.0", "id" : 7, "params": "' + b"x" * 5000 + b'"}'
    data = frame(body) + frame(b"next")
    assert read(data, step=step) == [Oversized(length=len(body), request="7"), Frame(body=b"next")]


def test_a_body_over_the_cap_is_never_held_in_memory() -> None:
    parser = Parser(cap=1000)
    list(parser.feed(b"Content-Length: 1000000\r\n\r\n"))
    for _ in range(999):
        list(parser.feed(b"x" * 1000))
        assert len(parser._buffer) <= 1000


@pytest.mark.parametrize(
    ("head", "request_id"),
    [
        (b'{"id":"a-1",', '"a-1"'),
        (b'{"method":"m","params":{"id":9},', "null"),
        (b'{"id":{"deep":1},', "null"),
        (b"not json", "null"),
    ],
)
def test_only_a_message_s_own_id_is_answered(head: bytes, request_id: str) -> None:
    (item,) = read(frame(head + b" " * 2000))
    assert item == Oversized(length=len(head) + 2000, request=request_id)


def test_a_small_cap_does_not_wait_for_more_than_the_body() -> None:
    assert read(frame(b'{"id":1}'), cap=4) == [Oversized(length=8, request="1")]
