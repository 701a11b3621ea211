"""Frames, whatever the pieces they come in."""

import pytest

from lsp_orch.endpoints.framing import Frame, Item, Malformed, Oversized, Parser, frame


def read(data: bytes, *, step: int = 1 << 30, cap: int = 1000) -> list[Item]:
    parser = Parser(cap)
    return [item for at in range(0, len(data), step) for item in parser.feed(data[at : at + step])]


@pytest.mark.parametrize("step", [1, 2, 7, 1 << 30])
def test_frames_are_the_same_whatever_the_pieces_they_come_in(step: int) -> None:
    data = frame(b"one") + frame(b"") + frame(b"two\r\n\r\n", b"Status: ok\r\n")
    assert read(data, step=step) == [Frame(body=b"one"), Frame(body=b""), Frame(body=b"two\r\n\r\n")]


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
