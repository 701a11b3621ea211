"""The hello, made without a JSON library."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from lsp_orch.client.hello import greeting, quoted
from tests.daemon.stage import ROOT

WORD = 'open "sesame"'


@pytest.mark.parametrize(
    "text",
    [
        "",
        "plain",
        'a"b\\c',
        "tab\tnewline\nnull\0bell\x07",
        "Grüße 日本 🦀",
        "\x7f\u2028\u2029",
        "\\u0041",
        "\udcff/\ud800",
    ],
)
def test_a_quoted_string_is_what_json_reads(text: str) -> None:
    assert json.loads(quoted(text).encode()) == text


def test_a_greeting_is_one_frame_of_json() -> None:
    head, _, body = greeting("hook", pid=7, mode="advise", token=WORD).partition(b"\r\n\r\n")
    assert head == b"Content-Length: %d" % len(body)
    message = json.loads(body)
    assert message["method"] == "lspOrch/hello"
    assert message["params"] | {"version": ""} == {
        "protocol": 1,
        "version": "",
        "role": "hook",
        "pid": 7,
        "mode": "advise",
        "cwd": str(Path.cwd()),
        "token": WORD,
    }


def test_a_greeting_may_name_the_inbox_of_a_session() -> None:
    inbox = ('/run/"1".sock', WORD)
    body = greeting("hook", pid=7, mode="", token="", inbox=inbox).partition(b"\r\n\r\n")[2]
    params = json.loads(body)["params"]
    assert (params["inbox"], params["inbox_token"]) == inbox


def test_a_folder_whose_name_is_not_utf_8_keeps_its_bytes(tmp_path: Path) -> None:
    folder = tmp_path / os.fsdecode(b"caf\xe9")
    folder.mkdir()
    assert os.fsencode(json.loads(_greeting_in(folder))["params"]["cwd"]) == os.fsencode(folder)


def test_a_folder_that_is_gone_is_no_reason_to_fail(tmp_path: Path) -> None:
    folder = tmp_path / "gone"
    folder.mkdir()
    assert json.loads(_greeting_in(folder, "import os; os.rmdir(os.getcwd())"))["params"]["cwd"] == ""


def _greeting_in(folder: Path, first: str = "") -> bytes:
    code = (
        f"{first}\nimport sys; sys.path.insert(0, {str(ROOT)!r})\n"
        "from lsp_orch.client.hello import greeting\n"
        "sys.stdout.buffer.write(greeting('cli', pid=1, mode='', token=''))"
    )
    done = subprocess.run([sys.executable, "-I", "-c", code], cwd=folder, capture_output=True, check=True)
    return done.stdout.partition(b"\r\n\r\n")[2]
