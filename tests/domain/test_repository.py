"""When two checkouts are of one repository, and where a path of one is in the other."""

import pytest

from lsp_orch.domain.repository import moved, remote
from lsp_orch.domain.scope import Kind, Scope

SAME = {
    "host.example/me/it": [
        "https://host.example/me/it.git",
        "https://host.example/me/it",
        "https://HOST.example/me/it/",
        "http://host.example:80/me/it.git",
        "https://me:p@ss@host.example:443/me/it.git",
        "git@host.example:me/it.git",
        "host.example:me/it",
        "host.example:/me/it.git/",
        "ssh://git@host.example/me/it.git",
        "ssh://git@host.example:2222/me/it.git",
        "git+ssh://git@host.example//me/it",
        "git://host.example/me/it.git",
    ],
    "host.example:8443/me/it": ["https://host.example:8443/me/it.git"],
    "[::1]/me/it": ["ssh://git@[::1]:22/me/it.git", "git@[::1]:me/it"],
    "codecommit::eu-west-1://it": ["codecommit::eu-west-1://it"],
    "": ["/srv/it.git", "../it", "./it", "it", "file:///srv/it.git", r"C:\it", "C:/it", ""],
}


@pytest.mark.parametrize(("name", "url"), [(name, url) for name, urls in SAME.items() for url in urls])
def test_the_spellings_of_one_repository_agree(name: str, url: str) -> None:
    assert remote(url) == name


def test_no_password_is_part_of_a_name() -> None:
    for url in (
        "https://me:secret@host.example/it",
        "https://secret@host.example/it",
        "secret@host.example:it",
    ):
        assert "secret" not in remote(url)


@pytest.mark.parametrize(
    ("key", "there"),
    [
        ("/a/it/src/x.py", "/b/it/src/x.py"),
        ("/a/it", "/b/it"),
        ("/a/it2/x.py", None),
        ("/a/x.py", None),
    ],
)
def test_a_path_is_found_below_the_other_root(key: str, there: str | None) -> None:
    found = moved(Scope(Kind.FILE, key), "/a/it", "/b/it")
    assert (found.key if found else None) == there


def test_a_checkout_may_be_the_root_of_all_files() -> None:
    assert moved(Scope(Kind.FILE, "/x/y"), "/", "/b") == Scope(Kind.FILE, "/b/x/y")
    assert moved(Scope(Kind.FILE, "/b/x/y"), "/b", "/") == Scope(Kind.FILE, "/x/y")
