"""Two checkouts of one repository: who is told of whom, where and how often."""

from pathlib import Path

import pytest

from lsp_orch.endpoints.kin import Relatives
from tests.endpoints.house import House, Window


@pytest.fixture
def other(house: House, tmp_path: Path) -> Path:
    """Another checkout of the house's repository."""
    root = (tmp_path / "tree").resolve()
    (root / ".git").mkdir(parents=True)
    house.repositories.of |= {str(root): "it", str(house.root): "it"}
    house.repositories.branches |= {str(root): "other"}
    return root


async def settle(house: House) -> None:
    """Until all that was handed in is done, and git has answered."""
    await house.live()
    await house.relatives.settled()


def elsewhere(window: Window, path: Path) -> list[str]:
    """The warnings that an editor shows."""
    return [each["message"] for each in window.diagnostics(path) if each["code"] == "lease-elsewhere"]


def types(window: Window, path: Path) -> None:
    """A person changes a file."""
    window.open(path)
    window.show(path, "changed")


async def test_a_granted_call_says_who_works_on_the_same_path_elsewhere(house: House, other: Path) -> None:
    assert await house.write("s2", other / "a.py") == (0, "")
    told = await house.event(
        "s1", "PreToolUse", tool_name="Edit", tool_input={"file_path": str(house.root / "a.py")}
    )
    assert (
        f"- Claude Code s2 is working on a.py (Edit) since 08:00 UTC in another checkout of this repository, "
        f"{other}, branch other. Nobody is in your way, but expect a conflict when both are merged."
    ) in told
    assert len(await house.live()) == 2


async def test_the_other_side_is_told_at_its_next_event(house: House, other: Path) -> None:
    await house.write("s2", other / "a.py")
    await house.write("s1", house.root / "a.py")
    told = await house.event("s2", "PostToolUse")
    assert "Claude Code s1 is working on a.py (Edit) since 08:00 UTC in another checkout" in told
    assert f" {house.root}. Nobody is in your way" in told


async def test_once_for_each_pair_and_path(house: House, other: Path) -> None:
    await house.write("s2", other / "a.py")
    assert (await house.write("s1", house.root / "a.py"))[1]
    for session, root in (("s1", house.root), ("s2", other)):
        await house.event(session, "Stop")
        await house.event(session, "PostToolUse")
        await house.pass_time(121)
        assert await house.live() == []
        assert await house.write(session, root / "a.py") == (0, "")
    await house.write("s1", house.root / "a.py")
    assert await house.event("s2", "PostToolUse") == ""
    await house.write("s2", other / "b.py")
    assert "b.py" in (await house.write("s1", house.root / "b.py"))[1]


async def test_nothing_is_said_of_another_path_another_repository_or_the_same_holder(
    house: House, other: Path, tmp_path: Path
) -> None:
    stranger = tmp_path / "stranger"
    (stranger / ".git").mkdir(parents=True)
    await house.write("s2", other / "b.py")
    await house.write("s2", stranger / "a.py")
    await house.write("s1", other / "a.py")
    assert await house.write("s1", house.root / "a.py") == (0, "")


async def test_a_reader_will_merge_nothing(house: House, other: Path) -> None:
    bob = house.terminal()
    params = {"paths": ["a.py"], "workspace": str(other), "as": "bob", "mode": "read"}
    await bob.ask("lease.acquire", params)
    assert await house.write("s1", house.root / "a.py") == (0, "")


async def test_an_editor_shows_it_while_it_lasts_and_the_agent_is_told_of_the_person(
    house: House, other: Path
) -> None:
    path, ann = house.file("a.py"), house.editor()
    types(ann, path)
    await settle(house)
    assert elsewhere(ann, path) == []
    told = (await house.write("s2", other / "a.py"))[1]
    assert "ann (Vim) is working on a.py (editing) since 08:00 UTC in another checkout" in told
    await settle(house)
    [warning] = [each for each in ann.diagnostics(path) if each["code"] == "lease-elsewhere"]
    assert warning["severity"] == 3
    assert warning["source"] == "lsp-orch"
    assert warning["message"].startswith(
        "Claude Code s2 is working on a.py (Edit) since 08:00 UTC in another checkout"
    )
    await house.hook({"hook_event_name": "SessionEnd", "session_id": "s2"})
    await settle(house)
    assert ann.diagnostics(path) == []


async def test_a_file_that_is_opened_later_shows_it_too(house: House, other: Path) -> None:
    await house.write("s2", other / "a.py")
    path, ann = house.file("a.py"), house.editor()
    ann.open(path)
    await settle(house)
    assert len(elsewhere(ann, path)) == 1


async def test_two_people_in_two_checkouts_see_each_other_and_nobody_sees_himself(
    house: House, other: Path
) -> None:
    here, there = house.file("a.py"), other / "a.py"
    there.write_text("")
    ann, bob = house.editor("ann"), house.editor("bob")
    types(ann, here)
    types(bob, there)
    ann.open(there)
    await settle(house)
    assert [each.split(" is working")[0] for each in elsewhere(ann, here)] == ["bob (Vim)"]
    assert [each.split(" is working")[0] for each in elsewhere(bob, there)] == ["ann (Vim)"]
    assert elsewhere(ann, there) == []


async def test_a_terminal_is_answered_with_it(house: House, other: Path) -> None:
    await house.write("s2", other / "a.py")
    bob = house.terminal()
    asked = {"paths": ["a.py"], "workspace": str(house.root), "as": "bob"}
    answer = (await bob.ask("lease.acquire", asked))["result"]
    [found] = answer["elsewhere"]
    assert answer["granted"]
    assert (found["resources"], found["holder"]["id"]) == (["a.py"], "s2")
    assert (found["workspace"], found["branch"]) == (str(other), "other")


async def test_who_has_but_one_checkout_never_waits_for_git(house: House) -> None:
    path, ann = house.file("a.py"), house.editor()
    ann.open(path)
    await settle(house)
    assert house.repositories.asked == []
    await house.write("s1", path)
    await house.write("s1", house.file("b.py"))
    await settle(house)
    assert house.repositories.asked == [str(house.root)]


async def test_a_lease_that_ended_while_git_was_asked_warns_nobody(house: House, other: Path) -> None:
    house.repositories.answer.clear()
    bob, eve = house.terminal(), house.terminal()
    await house.desk.do(lambda _: None)
    asked = eve.start("lease.acquire", {"paths": ["a.py"], "workspace": str(other), "as": "eve"})
    await house.until(lambda: bool(house.view.leases()))
    await house.look(lambda tx: house.leases.release(tx, tx.leases.live()))
    house.repositories.answer.set()
    await eve.peer.answer(asked)
    await settle(house)
    answer = await bob.ask("lease.acquire", {"paths": ["a.py"], "workspace": str(house.root), "as": "bob"})
    assert "elsewhere" not in answer["result"]


async def test_a_git_that_fails_costs_nobody_a_lease(
    house: House, other: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    with monkeypatch.context() as broken:
        broken.setattr(house.repositories, "find", lambda _: 1 / 0)
        await house.write("s2", other / "a.py")
        assert await house.write("s1", house.root / "a.py") == (0, "")
        assert len(await house.live()) == 2
    assert "was not found out" in caplog.text
    for session in ("s1", "s2"):
        await house.event(session, "SessionEnd")
    await house.write("s3", other / "a.py")
    told = (await house.write("s4", house.root / "a.py"))[1]
    assert "Claude Code s3" in told
    assert "Claude Code s2" not in told


async def test_a_git_that_hangs_holds_a_call_up_only_for_a_moment(
    house: House, other: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("lsp_orch.endpoints.kin._PATIENCE_S", 0.01)
    house.repositories.answer.clear()
    assert await house.write("s2", other / "a.py") == (0, "")
    assert await house.write("s1", house.root / "a.py") == (0, "")
    house.repositories.answer.set()
    await settle(house)
    assert "Claude Code s2" in await house.event("s1", "PostToolUse")


async def test_a_daemon_that_starts_again_knows_who_holds_what_elsewhere(house: House, other: Path) -> None:
    await house.write("s2", other / "a.py")
    house.relatives = Relatives(house.repositories, house.paths, await house.live(), house.inboxes.put)
    await settle(house)
    path, ann = house.file("a.py"), house.editor()
    house.hub._relatives = house.relatives
    house.relatives.show = house.hub.show
    ann.open(path)
    await settle(house)
    assert len(elsewhere(ann, path)) == 1
