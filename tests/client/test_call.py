"""The command line's own client."""

import pytest

from lsp_orch.client.call import Call
from lsp_orch.client.errors import ClientError
from tests.daemon.stage import Stage


def test_a_request_starts_the_daemon_and_gets_its_result(inside: Stage) -> None:
    with Call() as call:
        assert call.request("who")["role"] == "cli"
        (daemon,) = inside.daemons()
        assert call.line.pid == daemon.pid


def test_a_refusal_is_raised_with_its_code_and_hint(inside: Stage) -> None:
    inside.daemon()
    with Call() as call, pytest.raises(ClientError, match="held by Ada") as caught:
        call.request("refuse")
    assert (caught.value.code, caught.value.hint) == ("lease-held", "wait")


def test_news_that_comes_before_an_answer_is_kept(inside: Stage) -> None:
    inside.daemon()
    with Call() as call:
        assert call.request("news") == "told"
        assert call.request("news") == "told"
        news = call.notifications()
        assert [next(news) for _ in range(4)] == [("news", 1), ("news", 2)] * 2


def test_news_ends_when_the_daemon_does(inside: Stage) -> None:
    daemon = inside.daemon()
    with Call() as call:
        daemon.kill()
        assert list(call.notifications()) == []


def test_a_daemon_that_goes_away_before_it_answers_is_told_with_its_log(inside: Stage) -> None:
    daemon = inside.daemon()
    with Call() as call:
        daemon.kill()
        daemon.wait()
        with pytest.raises(ClientError, match="went away") as caught:
            call.request("who")
    assert caught.value.code == "daemon-unreachable"
    assert inside.places.log in caught.value.hint
