"""Secrets are cut out whole, and ordinary notes stay as they are."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lsp_orch.adapters.secrets_filter import SecretsFilter

FILTER = SecretsFilter()
KEY = "MIIEowIBAAKCAQEA7bq"


PATTERNS = [
    ("key AKIAIOSFODNN7EXAMPLE here", "AKIAIOSFODNN7EXAMPLE", "AWS Access Key"),
    ("ghp_" + "a1B2" * 9, "ghp_" + "a1B2" * 9, "GitHub Token"),
    ("github_pat_11ABCDEFG0" + "x" * 30, "github_pat_11ABCDEFG0" + "x" * 30, "GitHub Token"),
    ("glpat-abcdefghijklmnopqrst", "glpat-abcdefghijklmnopqrst", "GitLab Token"),
    ("xoxb-123456789012-abcdefghijkl", "xoxb-123456789012-abcdefghijkl", "Slack Token"),
    ("sk-ant-api03-" + "abcDEF123_" * 4, "abcDEF123_", "Anthropic Key"),
    ("sk-proj-" + "abcDEF123" * 5, "abcDEF123", "OpenAI Token"),
    ("AIza" + "b" * 35, "b" * 35, "Google Key"),
    ("npm_" + "c" * 36, "c" * 36, "NPM Token"),
    (f"-----BEGIN RSA PRIVATE KEY-----\n{KEY}\n-----END RSA PRIVATE KEY-----", KEY, "Private Key"),
    (f"-----BEGIN OPENSSH PRIVATE KEY-----\n{KEY}\n(cut off)", KEY, "Private Key"),
    ("eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0In0.dozjgNryP4J3jVm", "dozjgNryP4J3jVm", "JSON Web Token"),
    ("git clone https://ada:hunter2@example.org/x", "hunter2", "Basic Auth Credentials"),
    ("Authorization: Bearer abcdef123456ghijkl", "abcdef123456ghijkl", "Authorization"),
    ("DB_PASSWORD=hunter22", "hunter22", "Password"),
    ("password: 'correct horse'", "correct horse", "Password"),
    ('{"api_key": "four words"}', "four words", "Password"),
    ("it is kJ8s0dPq2LmZ7xVb4NcT1yRw9GhE inside", "kJ8s0dPq2LmZ7xVb4NcT1yRw9GhE", "High Entropy String"),
    ("before <private>my own</private> after", "my own", "Private Part"),
]


@pytest.mark.parametrize(("text", "secret", "kind"), PATTERNS)
def test_a_secret_is_cut_out_whole_and_only_its_kind_is_said(text: str, secret: str, kind: str) -> None:
    clean, kinds = FILTER.remove(f"first line\n{text}\nlast line")
    assert secret not in clean
    assert f"[removed: {kind}]" in clean
    assert kinds == (kind,)
    assert clean.startswith("first line\n")
    assert kind == "Private Key" or clean.endswith("\nlast line")


@pytest.mark.parametrize(
    "text",
    [
        "the password: is rotated monthly, see docs/secrets.md",
        "fixed in 0c43118aa9d1f6c6e8a1bb54b1e53b6b77b0f7c4",
        "api_key: ${API_KEY}, password=<yours>, secret = os.environ['X1']",
        "session 550e8400-e29b-41d4-a716-446655440000 of task-8k2m0c4v9xqa",
        "tests/adapters/test_note_index.py and lsp_orch/endpoints/lsp/faults.py",
        "notes/2026-11-21-The-Quick-Brown-Fox-Jumps-over-lazy-dogs",
        "VaultFilesHaveSignaturesWhenTheyAreSettledAndOld",
        "http://127.0.0.1:8080/path and user@example.org",
        "sha256:9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
    ],
)
def test_an_ordinary_note_stays_as_it_is(text: str) -> None:
    assert FILTER.remove(text) == (text, ())


def test_two_secrets_of_a_line_are_both_cut_out() -> None:
    clean, kinds = FILTER.remove("AKIAIOSFODNN7EXAMPLE glpat-abcdefghijklmnopqrst AKIAIOSFODNN7EXAMPL2")
    assert clean == "[removed: AWS Access Key] [removed: GitLab Token] [removed: AWS Access Key]"
    assert kinds == ("AWS Access Key", "GitLab Token")


@given(st.text())
def test_cleaning_twice_is_cleaning_once(text: str) -> None:
    clean, _ = FILTER.remove(text)
    assert FILTER.remove(clean)[0] == clean


@pytest.mark.parametrize(
    "piece", ["eyJ", "//", "://a:b", "password: ", "-----BEGIN PRIVATE KEY-----", "xoxb-1-"]
)
def test_a_body_made_to_be_slow_is_not(piece: str) -> None:
    FILTER.remove(piece * (64 * 1024 // len(piece)))
