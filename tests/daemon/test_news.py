import pytest

from lsp_orch.daemon.news import News
from lsp_orch.domain.events import Event, TaskChanged

EVENT = TaskChanged(id="task-1", state="ready")


def test_each_subscriber_hears_each_event_in_order() -> None:
    news, heard = News(), list[tuple[str, Event]]()
    news.subscribe(lambda event: heard.append(("first", event)))
    news.subscribe(lambda event: heard.append(("second", event)))
    news.publish([EVENT, EVENT])
    assert heard == [("first", EVENT), ("second", EVENT)] * 2


def test_who_unsubscribes_hears_no_more() -> None:
    news, heard = News(), list[Event]()
    news.subscribe(heard.append)
    news.unsubscribe(heard.append)
    news.publish([EVENT])
    assert heard == []


def test_a_subscriber_that_fails_keeps_the_news_from_nobody(caplog: pytest.LogCaptureFixture) -> None:
    def deaf(_: Event) -> None:
        raise RuntimeError

    news, heard = News(), list[Event]()
    news.subscribe(deaf)
    news.subscribe(heard.append)
    news.publish([EVENT])
    assert heard == [EVENT]
    assert "stumbled" in caplog.text
