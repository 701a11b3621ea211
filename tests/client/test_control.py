"""Start, stop and find the daemon."""

from pathlib import Path

import pytest

from lsp_orch.client import control, lock
from lsp_orch.client.errors import ClientError
from tests.daemon.stage import Stage


def test_a_daemon_is_started_once_and_found(inside: Stage) -> None:
    assert control.running() is None
    first, second = control.start(), control.start()
    found = control.running()
    assert found is not None
    assert first.pid == second.pid == found.pid
    for each in (first, second, found):
        each.close()
    assert len(inside.daemons()) == 1


def test_stop_returns_when_the_daemon_is_gone_and_its_lock_free(inside: Stage) -> None:
    line = control.start()
    line.close()
    assert control.stop() == line.pid
    free = lock.try_take(inside.places.daemon_lock)
    assert free is not None
    lock.release(free)
    assert control.running() is None
    assert "left in order" in inside.log()


def test_stopping_nothing_is_nothing(inside: Stage) -> None:
    assert control.stop() is None
    assert inside.daemons() == []


def test_a_daemon_that_does_not_leave_is_told_with_what_ends_it(
    inside: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    daemon = inside.daemon()
    with inside.dial() as wire:
        wire.hello()
        wire.send({"id": 1, "method": "hold"})
        wire.read()
        monkeypatch.setattr(control, "_LEAVE_S", 0.2)
        with pytest.raises(ClientError, match="asked to leave") as caught:
            control.stop()
    assert f"kill -9 {daemon.pid}" in caught.value.hint


@pytest.mark.usefixtures("inside")
def test_the_log_is_where_the_daemon_writes() -> None:
    control.start().close()
    assert "serves, pid" in Path(control.log_path()).read_text(encoding="utf-8")
