"""Where a store is, and that no password stands there."""

import pytest

from lsp_orch.domain.store_url import account, redacted, sound


@pytest.mark.parametrize(
    ("url", "name"),
    [
        ("postgresql://ada@db.example:5433/team", "ada@db.example:5433/team"),
        ("postgresql://ada@db/team", "ada@db:5432/team"),
        ("postgresql://ada@[::1]:5433/team", "ada@[::1]:5433/team"),
        ("postgresql://db/team", "@db:5432/team"),
        ("postgresql:///team", "@localhost:5432/team"),
        ("postgresql://ada@/team?host=/run/postgresql&sslmode=require", "ada@localhost:5432/team"),
    ],
)
def test_a_database_has_one_name_in_the_keyring(url: str, name: str) -> None:
    assert sound(url)
    assert account(url) == name
    assert redacted(url) == url


@pytest.mark.parametrize(
    "url",
    [
        "postgresql://ada:SECRET@db/team",
        "postgresql://ada:SECRET@db:5432/team?sslmode=require",
        "postgresql://ada:SEC@RET@db/team",
        "postgresql://ada:SEC/RET@db/team",
        "postgresql://ada:SEC#RET?@db/team",
        "postgresql://:SECRET@db/team",
        "postgresql://db/team?password=SECRET",
        "postgresql://db/team?host=x&sslpassword=SECRET&sslmode=require",
        "postgresql://db/team?Password=SECRET",
        "postgresql://db/team?%70assword=SECRET",
        "postgres://ada:SECRET@db/team",
        "mysql://ada:SECRET@db/team",
    ],
)
def test_a_password_beside_the_address_is_refused_and_never_shown(url: str) -> None:
    assert not sound(url)
    shown = redacted(url)
    assert "***" in shown
    assert not any(part in shown for part in ("SEC", "RET"))


@pytest.mark.parametrize("text", ["", "sqlite:////var/x.db", "sqlite:///x.db"])
def test_a_file_or_nothing_is_a_store(text: str) -> None:
    assert sound(text)


@pytest.mark.parametrize("text", ["sqlite:///", "/var/x.db", "postgresql:", "postgresql://db:port/team", "x"])
def test_nothing_else_is(text: str) -> None:
    assert not sound(text)
