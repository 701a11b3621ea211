"""Passwords come out of the system's keyring, or it is said why not."""

import threading
from collections.abc import Iterator

import keyring
import pytest
from keyring.backend import KeyringBackend
from keyring.backends.fail import Keyring as NoKeyring

from lsp_orch.adapters import passwords
from lsp_orch.domain.errors import Code, Unavailable
from lsp_orch.domain.store_url import SERVICE
from tests.fixtures.keyrings import LockedKeyring, MemoryKeyring

ACCOUNT = "ada@db:5432/team"


def no_keyring() -> KeyringBackend:
    return NoKeyring()  # type: ignore[no-untyped-call]  # keyring's own has no types


@pytest.fixture
def memory() -> Iterator[MemoryKeyring]:
    mine = MemoryKeyring()
    keyring.set_keyring(mine)
    yield mine
    keyring.set_keyring(no_keyring())  # never the machine's own


def test_what_is_kept_for_the_account_is_found_and_nothing_else(memory: MemoryKeyring) -> None:
    assert passwords.kept(ACCOUNT) == ""
    keyring.set_password(SERVICE, ACCOUNT, "secret")
    keyring.set_password("another service", "bob@db:5432/team", "other")
    assert passwords.kept(ACCOUNT) == "secret"
    assert passwords.kept("bob@db:5432/team") == ""
    assert len(memory.words) == 2


@pytest.mark.parametrize(
    ("backend", "told"), [(no_keyring(), "No recommended backend"), (LockedKeyring(), "is locked")]
)
@pytest.mark.usefixtures("memory")
def test_a_keyring_that_cannot_be_asked_says_why(backend: KeyringBackend, told: str) -> None:
    keyring.set_keyring(backend)
    with pytest.raises(Unavailable, match=told) as caught:
        passwords.kept(ACCOUNT)
    assert caught.value.refusal.code is Code.KEYRING_UNAVAILABLE
    assert "PGPASSFILE" in caught.value.refusal.hint


def test_a_keyring_that_waits_for_a_person_is_not_waited_for(
    memory: MemoryKeyring, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened = threading.Event()

    def ask_somebody(*_: str) -> None:
        opened.wait()

    monkeypatch.setattr(memory, "get_password", ask_somebody)
    monkeypatch.setattr(passwords, "_UNLOCK_S", 0.1)
    with pytest.raises(Unavailable, match="has not answered"):
        passwords.kept(ACCOUNT)
    opened.set()
