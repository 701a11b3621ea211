"""What ``task add -`` reads."""

import json
import subprocess
from typing import Any

import pytest

from tests.fixtures.daemon import Instance

MOST = 2**20


def add(instance: Instance, prompt: bytes) -> Any:
    done = subprocess.run(
        instance.command("task", "add", "-", "--json"),
        env=instance.env,
        cwd=instance.workspace,
        input=prompt,
        capture_output=True,
        check=False,
    )
    return json.loads(done.stdout)


def test_a_prompt_of_a_megabyte_comes_from_stdin(instance: Instance) -> None:
    prompt = "ä" * (MOST // 2)
    task = add(instance, prompt.encode())["task"]
    assert task["prompt"] == prompt
    assert instance.json("task", "show", task["id"])["task"]["prompt"] == prompt


@pytest.mark.parametrize(
    ("prompt", "code"),
    [(b"x" * (MOST + 1), "message-too-large"), (b"\xff", "bad-request"), (b" \n", "bad-request")],
)
def test_what_is_no_prompt_is_refused(instance: Instance, prompt: bytes, code: str) -> None:
    assert add(instance, prompt)["error"]["code"] == code
    assert instance.json("task", "list")["tasks"] == []
