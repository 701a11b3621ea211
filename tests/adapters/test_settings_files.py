"""The files of settings: which counts, and where each mistake is."""

import tomllib
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lsp_orch.adapters.settings_files import GLANCE_S, SettingsFiles, line_of
from lsp_orch.domain.errors import Code, Misuse, Refusal
from lsp_orch.domain.layers import Source
from lsp_orch.domain.settings import Mode, Settings
from tests.fixtures.clock import FakeClock


class Desk:
    """A user's folder and a workspace."""

    def __init__(self, root: Path) -> None:
        self.config, self.workspace = root / "config", root / "workspace"
        self.config.mkdir()
        self.workspace.mkdir()
        self.files = SettingsFiles(self.config, {})

    def user(self, text: str) -> Path:
        return _write(self.config / "config.toml", text)

    def checkout(self, text: str, name: str = "lsp-orch.toml") -> Path:
        return _write(self.workspace / name, text)

    def of(self) -> Settings:
        return self.files.of(str(self.workspace))

    def refusal(self) -> Refusal:
        with pytest.raises(Misuse) as caught:
            self.of()
        assert caught.value.refusal.code is Code.BAD_SETTING
        assert caught.value.refusal.hint
        return caught.value.refusal


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    return Desk(tmp_path)


def _write(path: Path, text: str) -> Path:
    path.write_text(text, encoding="utf-8")
    return path


def test_no_file_is_no_mistake(desk: Desk) -> None:
    assert desk.of() == Settings()


def test_the_layers_win_over_each_other_in_order(desk: Desk) -> None:
    desk.user('mode = "enforce"\n[tasks]\nworkers = 1\nattempts = 1\nmax_turns = 1\n')
    desk.checkout("[tool.lsp-orch.tasks]\nattempts = 2\nmax_turns = 2\n", "pyproject.toml")
    desk.checkout("tasks.max_turns = 3\n")
    assert desk.of() == Settings(mode=Mode.ENFORCE, tasks_workers=1, tasks_attempts=2, tasks_max_turns=3)
    told = desk.files.values(str(desk.workspace), {"LSP_ORCH_MODE": "advise"})
    assert told["mode"].source is Source.ENVIRONMENT
    assert told["tasks.workers"].where == f"{desk.config}/config.toml:3"
    assert told["tasks.attempts"].where == f"{desk.workspace}/pyproject.toml:2"
    assert told["tasks.max_turns"].where == f"{desk.workspace}/lsp-orch.toml:1"


def test_without_a_workspace_only_the_users_file_counts(desk: Desk) -> None:
    desk.checkout("tasks.workers = 3")
    assert desk.files.of() == Settings()


def test_our_own_environment_counts_when_no_other_is_given(desk: Desk) -> None:
    files = SettingsFiles(desk.config, {"LSP_ORCH_CLAUDE": "/opt/claude"})
    assert files.of().claude == "/opt/claude"
    assert files.values("", {})["claude"].source is Source.DEFAULT


@pytest.mark.parametrize(
    ("text", "line", "key"),
    [
        ("mode = 3\n", 1, "mode"),
        ("# first\n\n[leases]\n# second\nttl_s = 'x'\n", 5, "leases.ttl_s"),
        ("leases.ttl_s = 'x'", 1, "leases.ttl_s"),
        ("vault = { path = 'v',   threshold = 2 }\n", 1, "vault.threshold"),
        ("[tasks]\nbackoff_s = [\n  1,\n  'two',\n]\n", 2, "tasks.backoff_s"),
        ("claude = '''\nttl_s = 1\n'''\n\"leases\".'ttl_s' = 'x'\n", 4, "leases.ttl_s"),
        ("mode = 'advise'\r\n[leases]\r\nttl_s = 0\r\n", 3, "leases.ttl_s"),
        ("# a line\u2028of its own\nmode = 3\n", 2, "mode"),
        ("[lease]\nttl_s = 1\n", 2, "lease.ttl_s"),
        ("[leases]\n[leases.more]\nx = 1\n", 3, "leases.more.x"),
        ("\n[colours]\n", 2, "colours"),
        ("\n[[tasks]]\nworkers = 1\n", 2, "tasks"),
        ("[leases.ttl_s]\nseconds = 1\n", 2, "leases.ttl_s.seconds"),
        ("leases = 5\n", 1, "leases"),
    ],
)
def test_a_mistake_is_named_with_its_file_and_line(desk: Desk, text: str, line: int, key: str) -> None:
    file = desk.user(text)
    message = desk.refusal().message
    assert message.startswith(f"{file}:{line}: ")
    assert f" {key} " in f"{message} "


@pytest.mark.parametrize(
    ("text", "line"), [("mode = \n", 1), ("a = 1\nb = [1,\n", 2), ("x = 1\nx = 2\n", 2), ('a = "\n', 1)]
)
def test_what_is_not_toml_is_named_with_its_line(desk: Desk, text: str, line: int) -> None:
    file = desk.user(text)
    assert desk.refusal().message.startswith(f"{file}:{line}: this is not TOML")


def test_a_projects_mistake_is_named_in_its_own_file(desk: Desk) -> None:
    file = desk.checkout('[project]\nname = "x"\n\n[tool.lsp-orch]\nmode = "x"\n', "pyproject.toml")
    assert desk.refusal().message.startswith(f"{file}:5: ")


def test_a_projects_table_that_is_none_is_named(desk: Desk) -> None:
    file = desk.checkout('[tool]\nlsp-orch = "yes"\n', "pyproject.toml")
    assert desk.refusal().message == f"{file}:2: tool.lsp-orch must be a table"


def test_a_project_file_that_says_nothing_about_us_may_be_broken(desk: Desk) -> None:
    desk.checkout("[project\n", "pyproject.toml")
    assert desk.of() == Settings()


def test_a_checkout_cannot_choose_the_program_that_we_start(desk: Desk) -> None:
    desk.checkout('claude = "./evil"\n')
    assert "claude is yours to set" in desk.refusal().message


def test_a_file_that_cannot_be_read_is_named(desk: Desk) -> None:
    file = desk.config / "config.toml"
    file.write_bytes(b'mode = "\xff"\n')
    assert str(file) in desk.refusal().message
    file.unlink()
    file.mkdir()
    assert str(file) in desk.refusal().message


def test_a_changed_file_counts_at_once(desk: Desk) -> None:
    assert desk.of().tasks_attempts == 3
    desk.checkout("tasks.attempts = 2")
    assert desk.of().tasks_attempts == 2
    desk.checkout("tasks.attempts = 33")
    assert desk.of().tasks_attempts == 33
    (desk.workspace / "lsp-orch.toml").unlink()
    assert desk.of().tasks_attempts == 3


def test_what_must_go_on_goes_on_with_what_counted_before_the_mistake(desk: Desk) -> None:
    desk.user("[leases]\nttl_s = 50\n")
    assert desk.files.of().leases_ttl_s == 50
    desk.checkout("[leases]\nttl = 60\n")
    assert desk.files.sound(str(desk.workspace)).leases_ttl_s == 50
    desk.checkout("[leases]\nttl_s = 60\n")
    assert desk.files.sound(str(desk.workspace)).leases_ttl_s == 60
    desk.checkout("[leases]\nttl_s = 'long'\n")
    assert desk.files.sound(str(desk.workspace)).leases_ttl_s == 60
    desk.user("[leases]\nttl_s = 'long'\n")
    assert desk.files.sound().leases_ttl_s == 50


def test_an_unchanged_file_is_not_read_again(desk: Desk) -> None:
    desk.checkout("tasks.attempts = 2")
    assert desk.of() is desk.of()


STATEMENTS = st.sampled_from(
    [
        "# words",
        "",
        "[t{n}]",
        "k{n} = 1",
        "a.b{n} = 2",
        "m{n} = [\n 1,\n # x = 2\n]",
        's{n} = """\nx = 1\n"""',
    ]
)


@given(st.lists(STATEMENTS, max_size=12))
def test_every_key_is_found_where_reading_line_by_line_finds_it(statements: list[str]) -> None:
    text = "\n".join(each.format(n=number) for number, each in enumerate(statements))
    for key in _keys(tomllib.loads(text)):
        assert line_of(text, key) == _line_by_line(text, key)


def _keys(document: dict[str, object], above: tuple[str, ...] = ()) -> list[tuple[str, ...]]:
    found = []
    for name, value in document.items():
        found.append((*above, name))
        if isinstance(value, dict):
            found += _keys(value, found[-1])
    return found


def _line_by_line(text: str, key: tuple[str, ...]) -> int:
    lines, start = text.split("\n"), 0
    for end in range(1, len(lines) + 1):
        try:
            document = tomllib.loads("\n".join(lines[:end]))
        except tomllib.TOMLDecodeError:
            continue
        if key in _keys(document):
            break
        start = end
    return start + 1


def test_who_asks_often_is_answered_from_memory_for_a_moment(tmp_path: Path) -> None:
    clock = FakeClock()
    files = SettingsFiles(tmp_path, {}, clock)
    before = files.of()
    (tmp_path / "config.toml").write_text("[leases]\nttl_s = 7\n")
    assert files.of() is before
    clock.sleep(2 * GLANCE_S)
    assert files.of().leases_ttl_s == 7
