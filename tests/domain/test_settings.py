"""The table of settings, one value's check, and the layers."""

import math
from dataclasses import fields
from pathlib import PurePath

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lsp_orch.domain import layers
from lsp_orch.domain.errors import Code, Misuse
from lsp_orch.domain.layers import Source, Value
from lsp_orch.domain.routing import Route
from lsp_orch.domain.settings import LogLevel, Mode, Settings, keys


def refused(key: str, raw: object, source: Source = Source.USER) -> Misuse:
    with pytest.raises(Misuse) as caught:
        layers.parse(key, raw, source, "config.toml:7")
    assert caught.value.refusal.code is Code.BAD_SETTING
    assert "config.toml:7" in caught.value.refusal.message
    return caught.value


def test_every_field_has_one_key_and_a_meaning() -> None:
    assert sorted(keys().values()) == sorted(each.name for each in fields(Settings))
    assert all(row.meaning for row in layers.table().values())


def test_every_default_obeys_its_own_rule() -> None:
    for key, row in layers.table().items():
        assert layers.parse(key, row.default, Source.USER, "here").value == row.default


@pytest.mark.parametrize(
    ("key", "raw", "value"),
    [
        ("mode", "enforce", Mode.ENFORCE),
        ("log", "DEBUG", LogLevel.DEBUG),
        ("leases.ttl_s", 5, 5.0),
        ("leases.hook_wait_s", 0, 0.0),
        ("tasks.workers", 3, 3),
        ("tasks.backoff_s", [1, 2.5], (1.0, 2.5)),
        ("vault.path", "notes/vault", "notes/vault"),
        ("tasks.escalate", False, False),
        ("tasks.routing", [{"model": "m", "reason": "r"}], (Route(model="m", reason="r"),)),
        ("store", "sqlite:////var/lib/x.db", "sqlite:////var/lib/x.db"),
        ("store", "postgresql://ada@host:5433/db", "postgresql://ada@host:5433/db"),
    ],
)
def test_a_value_comes_in_the_settings_own_type(key: str, raw: object, value: object) -> None:
    parsed = layers.parse(key, raw, Source.USER, "here")
    assert (parsed.value, type(parsed.value)) == (value, type(value))


@pytest.mark.parametrize(
    ("key", "raw", "expected"),
    [
        ("mode", "strict", "enforce or advise"),
        ("mode", 1, "enforce or advise"),
        ("claude", "", "the name or path of a program"),
        ("leases.ttl_s", "2 min", "a number greater than 0"),
        ("leases.ttl_s", True, "a number greater than 0"),
        ("leases.ttl_s", 0, "a number greater than 0"),
        ("leases.ttl_s", math.nan, "a number greater than 0"),
        ("leases.ttl_s", math.inf, "a number greater than 0"),
        ("leases.hook_wait_s", math.inf, "a number of at least 0"),
        ("leases.hook_wait_s", -1, "a number of at least 0"),
        ("tasks.workers", 1.5, "a whole number of at least 0"),
        ("tasks.attempts", 0, "a whole number of at least 1"),
        ("tasks.backoff_s", 30, "a list of numbers"),
        ("tasks.backoff_s", [], "a list of numbers"),
        ("tasks.backoff_s", ["30"], "a list of numbers"),
        ("tasks.escalate", "yes", "true or false"),
        ("tasks.escalate", 1, "true or false"),
        ("tasks.day_usd", -1, "a number of at least 0"),
        ("tasks.routing", [{"model": "m"}], "a list of tables"),
        ("tasks.routing", "haiku", "a list of tables"),
        ("plan.model", "", "the name of a model"),
        ("vault.threshold", 1.1, "a number from 0 to 1"),
        ("vault.path", "../elsewhere", "a path inside the workspace"),
        ("vault.path", "/etc", "a path inside the workspace"),
        ("store", "postgresql://ada:secret@host/db", "sqlite:///PATH"),
        ("store", "mysql://host/db", "sqlite:///PATH"),
        ("store", "sqlite:///", "sqlite:///PATH"),
    ],
)
def test_a_wrong_value_is_refused_with_what_was_expected(key: str, raw: object, expected: str) -> None:
    assert f"{key} must be {expected}" in refused(key, raw).refusal.message


def test_an_unknown_key_is_refused_with_the_nearest_one() -> None:
    assert refused("leases.ttl", 1).refusal.hint == "did you mean leases.ttl_s?"
    assert "config show" in refused("colour", "red").refusal.hint


@pytest.mark.parametrize("key", ["claude", "store", "log", "daemon.idle_exit_s"])
def test_a_checkout_cannot_set_what_is_the_persons_own(key: str) -> None:
    default = layers.table()[key].default
    assert "not a checkout's" in refused(key, default, Source.WORKSPACE).refusal.message
    layers.parse(key, default, Source.USER, "here")


def test_variables_set_what_they_are_named_for_and_an_empty_one_nothing() -> None:
    environment = {"LSP_ORCH_MODE": "enforce", "LSP_ORCH_LOG": "INFO", "LSP_ORCH_CLAUDE": "", "MODE": "x"}
    assert layers.from_environment(environment) == {
        "mode": Value(value=Mode.ENFORCE, source=Source.ENVIRONMENT, where="LSP_ORCH_MODE"),
        "log": Value(value=LogLevel.INFO, source=Source.ENVIRONMENT, where="LSP_ORCH_LOG"),
    }
    with pytest.raises(Misuse, match='LSP_ORCH_MODE: mode must be enforce or advise, not "maybe"'):
        layers.from_environment({"LSP_ORCH_MODE": "maybe"})


@pytest.mark.parametrize(
    ("key", "text", "value"),
    [
        ("leases.ttl_s", "2.5", 2.5),
        ("tasks.workers", "2", 2),
        ("tasks.backoff_s", "1,2", (1.0, 2.0)),
        ("claude", "12", "12"),
    ],
)
def test_text_becomes_the_settings_type(key: str, text: str, value: object) -> None:
    assert layers.parse_text(key, text, Source.FLAG, "--set").value == value


def test_text_that_is_no_number_is_refused() -> None:
    with pytest.raises(Misuse, match=r"--set: tasks\.workers must be a whole number"):
        layers.parse_text("tasks.workers", "many", Source.FLAG, "--set")


def test_a_stronger_layer_wins_and_every_value_remembers_its_place() -> None:
    user = {
        "mode": Value(value=Mode.ENFORCE, source=Source.USER, where="u:1"),
        "tasks.workers": Value(value=1, source=Source.USER, where="u:2"),
    }
    workspace = {"tasks.workers": Value(value=2, source=Source.WORKSPACE, where="w:1")}
    merged = layers.layered(user, workspace)
    assert merged["mode"].where == "u:1"
    assert merged["tasks.workers"] == workspace["tasks.workers"]
    assert merged["leases.ttl_s"].source is Source.DEFAULT
    assert layers.settings(merged) == Settings(mode=Mode.ENFORCE, tasks_workers=2)


def test_no_layer_at_all_gives_the_defaults() -> None:
    assert layers.settings(layers.layered()) == Settings()


@given(
    key=st.sampled_from(sorted(keys())),
    raw=st.recursive(
        st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=2),
        max_leaves=5,
    ),
)
def test_whatever_a_file_holds_is_taken_in_its_type_or_refused(key: str, raw: object) -> None:
    default = layers.table()[key].default
    try:
        value = layers.parse(key, raw, Source.USER, "f:1").value
    except Misuse:
        return
    assert type(value) is type(default)
    if key == "vault.path":
        assert ".." not in PurePath(value).parts


def test_a_rule_is_shown_as_a_file_has_it() -> None:
    value = (Route(model="m", reason="r", words=("a", "b"), failed=1),)
    assert layers.plain(value) == [{"model": "m", "reason": "r", "words": ["a", "b"], "failed": 1}]
    assert layers.plain((1.0, 2.0)) == [1.0, 2.0]
    assert layers.plain(Mode.ADVISE) == "advise"
