"""The command line itself: help, usage, what is imported, and bugs."""

import json
import subprocess
import sys
from importlib import import_module
from pathlib import Path

import pytest
from typer.main import get_command
from typer.testing import CliRunner

from lsp_orch import __version__
from lsp_orch.cli import main as command_line
from tests.fixtures.daemon import Instance

RUNNER = CliRunner()


def test_help_names_every_verb() -> None:
    told = RUNNER.invoke(command_line.app, ["--help"])
    assert told.exit_code == 0
    assert all(f" {verb} " in told.stdout for verb in command_line.VERBS)


@pytest.mark.parametrize("verb", command_line.VERBS)
def test_every_verb_has_help_of_its_own(verb: str) -> None:
    told = RUNNER.invoke(command_line.app, [verb, "--help"])
    assert told.exit_code == 0
    assert f"{verb}" in told.stdout


def test_the_version_is_told() -> None:
    assert RUNNER.invoke(command_line.app, ["--version"]).stdout == f"lsp-orch {__version__}\n"


def test_a_verb_does_not_import_what_others_need() -> None:
    code = (
        "import sys; import lsp_orch.cli.main as m; from typer.main import get_command\n"
        "get_command(m.app).get_command(None, 'lease')\n"
        "print(*(name for name in sys.modules if name.startswith('lsp_orch.')))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    loaded = done.stdout.split()
    assert "lsp_orch.cli.lease" in loaded
    assert not [name for name in loaded if name.endswith((".task", ".review", ".vault", ".doctor", ".tail"))]


@pytest.mark.parametrize(
    "arguments",
    [
        ["nonsense"],
        ["lease", "nonsense"],
        ["lease", "acquire"],
        ["lease", "acquire", "x", "--mode", "steal"],
        ["lease", "acquire", "x", "--wait", "-1"],
        ["lease", "acquire", "x", "--wait", "nan"],
        ["lease", "acquire", "x", "--ttl", "inf"],
        ["lease", "acquire", "x", "--workspace", "/no/such/folder"],
        ["lease", "release"],
        ["lease", "renew"],
        ["status", "--colour"],
        ["config", "show", "superfluous"],
    ],
)
def test_a_call_that_is_not_understood_exits_2_and_says_why(instance: Instance, arguments: list[str]) -> None:
    done = instance.cli(*arguments, "--json")
    assert done.returncode == 2, done
    error = json.loads(done.stdout)["error"]
    assert error["code"] == "bad-request"
    assert error["message"]
    assert done.stderr
    assert instance.pid() is None, "nobody needed the daemon for this"


def test_without_json_a_usage_error_leaves_stdout_alone(instance: Instance) -> None:
    done = instance.cli("lease", "release")
    assert (done.returncode, done.stdout) == (2, "")
    assert "--as" in done.stderr


def test_a_bug_exits_70_and_leaves_its_trace_in_a_named_file(instance: Instance) -> None:
    code = (
        "import sys; from lsp_orch.cli import main as m, status\n"
        "def broken(*_, **__): raise KeyError('seeded')\n"
        "status.ask = broken; sys.argv = ['lsp-orch', 'status', '--json']; m.main()"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], env=instance.env, capture_output=True, text=True, check=False
    )
    assert done.returncode == 70
    error = json.loads(done.stdout)["error"]
    assert error["code"] == "internal"
    log = Path(error["hint"].removeprefix("see "))
    assert "seeded" in log.read_text(encoding="utf-8")
    assert str(log) in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize("form", [[], ["--json"]], ids=["text", "json"])
def test_who_stops_reading_is_no_bug(instance: Instance, form: list[str]) -> None:
    with subprocess.Popen(
        instance.command("config", "show", *form),
        cwd=instance.workspace,
        env=instance.env,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    ) as process:
        assert process.stdout
        assert process.stderr
        process.stdout.close()
        said = process.stderr.read().decode()
        assert process.wait() == 141, "as if SIGPIPE had ended it; 1 would be a refusal"
    assert said == ""


def test_an_answer_that_nobody_can_take_is_told_without_a_trace(instance: Instance) -> None:
    with Path("/dev/full").open("w", encoding="utf-8") as full:
        done = subprocess.run(
            instance.command("config", "path", "--json"),
            cwd=instance.workspace,
            env=instance.env,
            stdout=full,
            stderr=subprocess.PIPE,
            text=True,
            check=False,
        )
    assert done.returncode == 70
    assert "No space left on device" in done.stderr
    assert "Traceback" not in done.stderr


def test_a_closed_stdout_is_nobody_listening(instance: Instance) -> None:
    command = ["sh", "-c", '"$@" >&-', "sh", *instance.command("config", "path", "--json")]
    done = subprocess.run(
        command, cwd=instance.workspace, env=instance.env, capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stderr) == (0, "")


def test_a_name_that_the_locale_cannot_write_is_told_all_the_same(instance: Instance) -> None:
    instance.json("lease", "acquire", "zoë.py", "--as", "ada")
    instance.env["PYTHONIOENCODING"] = "ascii"
    assert "zo\\xeb.py" in instance.cli("lease", "list").stdout


def test_a_current_folder_that_is_gone_is_no_bug(instance: Instance) -> None:
    script = 'mkdir gone && cd gone && rmdir ../gone && exec "$@"'
    done = subprocess.run(
        ["sh", "-c", script, "sh", *instance.command("lease", "list", "--json")],
        cwd=instance.workspace,
        env=instance.env,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 2
    assert json.loads(done.stdout)["error"]["code"] == "bad-request"


def test_only_the_root_offers_completion_and_all_take_h() -> None:
    told = RUNNER.invoke(command_line.app, ["lease", "acquire", "-h"])
    assert told.exit_code == 0
    assert "completion" in RUNNER.invoke(command_line.app, ["-h"]).stdout
    assert "completion" not in RUNNER.invoke(command_line.app, ["lease", "-h"]).stdout


def test_every_module_of_the_table_has_an_app() -> None:
    for module in command_line.VERBS.values():
        assert get_command(import_module(module).app).help
