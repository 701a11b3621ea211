"""The command line's calls about leases, well-formed and not."""

import os
from pathlib import Path
from typing import Any

import pytest

from lsp_orch.domain.events import LeaseEnded
from lsp_orch.endpoints.rpc.role import RpcRole
from tests.endpoints.house import House
from tests.fixtures.peers import FakePeer, Message, Talk


async def acquire(house: House, *paths: str, **more: Any) -> Message:
    """Ask as ``bob`` where nothing else is said."""
    params = {"paths": list(paths), "workspace": str(house.root), "as": "bob", **more}
    return await house.terminal().ask("lease.acquire", params)


async def call(house: House, method: str, **params: Any) -> Any:
    """The result of a call that succeeds."""
    answer = await house.terminal().ask(method, params)
    assert "result" in answer, answer
    return answer["result"]


def code(answer: Message) -> str:
    return str(answer["error"]["data"]["code"])


async def test_a_grant_has_the_shape_of_the_contract(house: House) -> None:
    answer = await acquire(house, "b.py", "sub/a.py", reason="tidying", ttl_s=60)
    assert answer["result"] == {
        "granted": True,
        "lease": {
            "id": "lease-1",
            "token": 1,
            "mode": "write",
            "state": "held",
            "resources": ["b.py", "sub/a.py"],
            "holder": {"id": "cli:bob", "kind": "agent", "name": "bob"},
            "reason": "tidying",
            "acquired_at": "2027-01-15T08:00:00.000Z",
            "expires_at": "2027-01-15T08:01:00.000Z",
        },
    }


async def test_a_refusal_has_a_ticket_and_names_the_conflicts(house: House) -> None:
    held = (await acquire(house, "a.py"))["result"]["lease"]
    await acquire(house, "a.py", **{"as": "cat"})
    answer = await acquire(house, "a.py", **{"as": "dan"})
    assert answer["result"] == {
        "granted": False,
        "ticket": {"id": "ticket-2", "position": 2},
        "conflicts": [held],
    }


async def test_the_list_shows_leases_and_each_place_in_the_queue(house: House) -> None:
    await acquire(house, "a.py", "b.py")
    await acquire(house, "b.py", **{"as": "cat"})
    await acquire(house, "a.py", **{"as": "dan"})
    await acquire(house, "b.py", **{"as": "eve"})
    found = await call(house, "lease.list", workspace=str(house.root))
    assert [each["resources"] for each in found["leases"]] == [["a.py", "b.py"]]
    assert [(each["holder"]["name"], each["position"]) for each in found["waiters"]] == [
        ("cat", 1),
        ("dan", 1),
        ("eve", 2),
    ]
    assert found == await call(house, "lease.list")
    assert await call(house, "lease.list", workspace="/elsewhere") == {"leases": [], "waiters": []}


async def test_a_waiting_call_is_answered_when_the_file_is_released(house: House) -> None:
    await acquire(house, "a.py")
    cat = house.terminal()
    params = {"paths": ["a.py"], "workspace": str(house.root), "as": "cat", "wait_s": 60}
    number = cat.start("lease.acquire", params)
    await house.until(lambda: len(house.lobby) == 1)
    released = await call(house, "lease.release", **{"as": "bob"})
    assert [each["id"] for each in released["released"]] == ["lease-1"]
    answer = await cat.peer.answer(number)
    assert (answer["result"]["granted"], answer["result"]["lease"]["holder"]["name"]) == (True, "cat")


async def test_a_wait_that_ends_leaves_the_ticket(house: House) -> None:
    await acquire(house, "a.py")
    answer = await acquire(house, "a.py", **{"as": "cat", "wait_s": 0.01})
    assert answer["result"]["ticket"] == {"id": "ticket-1", "position": 1}
    assert len(house.lobby) == 1


async def test_release_takes_leases_and_tickets_by_id_and_each_once(house: House) -> None:
    await acquire(house, "a.py")
    ticket = (await acquire(house, "a.py", **{"as": "cat"}))["result"]["ticket"]["id"]
    found = await call(house, "lease.release", ids=["lease-1", ticket, "lease-1"])
    assert [each["id"] for each in found["released"]] == ["lease-1"]
    assert await house.live() == []
    assert len(house.lobby) == 0


async def test_a_name_releases_what_it_has_in_its_own_workspace(house: House) -> None:
    await acquire(house, "a.py")
    elsewhere = str(house.root.parent)
    assert await call(house, "lease.release", workspace=elsewhere, **{"as": "bob"}) == {"released": []}
    found = await call(house, "lease.release", workspace=str(house.root), **{"as": "bob"})
    assert [each["id"] for each in found["released"]] == ["lease-1"]


async def test_renew_moves_the_end(house: House) -> None:
    await acquire(house, "a.py", ttl_s=60)
    house.clock.advance(30)
    [lease] = (await call(house, "lease.renew", ids=["lease-1"]))["leases"]
    assert lease["expires_at"] == "2027-01-15T08:01:30.000Z"


@pytest.mark.parametrize("method", ["lease.release", "lease.renew"])
async def test_an_id_that_is_not_there_releases_nothing(house: House, method: str) -> None:
    await acquire(house, "a.py")
    answer = await house.terminal().ask(method, {"ids": ["lease-1", "lease-9"]})
    assert code(answer) == "lease-not-found"
    assert "lease-9" in answer["error"]["message"]
    assert len(await house.live()) == 1


async def test_readers_share(house: House) -> None:
    for name in ("bob", "cat"):
        assert (await acquire(house, "a.py", mode="read", **{"as": name}))["result"]["granted"]


async def test_a_name_and_a_user_of_that_name_are_two_holders(house: House) -> None:
    await acquire(house, "a.py", **{"as": "ann"})
    answer = await acquire(house, "a.py", **{"as": "", "user": "ann"})
    assert answer["result"]["granted"] is False
    await call(house, "lease.release", **{"as": "ann"})
    [lease] = await house.live()
    assert lease.holder.kind == "human"


async def test_links_lead_to_one_file_and_one_workspace(house: House, tmp_path: Path) -> None:
    path = house.file("a.py")
    (tmp_path / "door").symlink_to(house.root)
    answer = await acquire(house, "a.py", workspace=str(tmp_path / "door"))
    assert answer["result"]["lease"]["resources"] == ["a.py"]
    assert (await house.write("s1", path))[0] == 2
    assert len((await call(house, "lease.list", workspace=str(tmp_path / "door")))["leases"]) == 1


async def test_paths_are_seen_from_the_folder_of_the_caller(house: House) -> None:
    answer = await acquire(house, "a.py", "../b.py", cwd=str(house.root / "sub"))
    assert answer["result"]["lease"]["resources"] == ["b.py", "sub/a.py"]


async def test_a_name_that_is_not_utf8_is_shown_with_its_odd_bytes(house: House) -> None:
    answer = await acquire(house, os.fsdecode(b"caf\xe9.py"))
    assert answer["result"]["lease"]["resources"] == [r"caf\xe9.py"]


async def test_words_that_are_not_unicode_are_kept_readable(house: House) -> None:
    answer = await acquire(house, "a.py", reason="caf\udce9")
    assert answer["result"]["lease"]["reason"] == r"caf\udce9"


@pytest.mark.parametrize("path", ["../b.py", "/etc/passwd", "link/b.py"])
async def test_a_path_outside_the_workspace_is_refused(house: House, tmp_path: Path, path: str) -> None:
    (house.root / "link").symlink_to(tmp_path)
    answer = await acquire(house, path)
    assert code(answer) == "path-outside"
    assert path in answer["error"]["message"]


async def test_a_folder_is_held_with_all_below_it(house: House) -> None:
    (house.root / "sub").mkdir()
    answer = await acquire(house, "sub")
    assert answer["result"]["lease"]["resources"] == ["sub/"]
    assert (await acquire(house, "subway.py", **{"as": "dan"}))["result"]["granted"]
    for inside in ("sub/a.py", "sub/deep/b.py", "s*/a.py", "./"):
        assert not (await acquire(house, inside, **{"as": "cat"}))["result"]["granted"]


async def test_no_number_of_seconds_spoils_the_list(house: House) -> None:
    await acquire(house, "a.py", ttl_s=1e300)
    [lease] = (await call(house, "lease.list"))["leases"]
    assert lease["expires_at"] == "2027-01-16T08:00:00.000Z"  # a day, and no more


BAD: dict[str, dict[str, Any]] = {
    "no paths": {"paths": []},
    "paths that are no list": {"paths": "a.py"},
    "paths that are numbers": {"paths": [1]},
    "a path with a NUL": {"paths": ["a\0"]},
    "no workspace": {"workspace": None},
    "no such mode": {"mode": "both"},
    "no time": {"ttl_s": 0},
    "time that runs backwards": {"wait_s": -1},
    "time that is a string": {"ttl_s": "long"},
    "time that is true": {"ttl_s": True},
    "time without end": {"ttl_s": float("inf")},
    "time that is no number": {"ttl_s": float("nan")},
    "time beyond any float": {"ttl_s": 10**400},
    "a reason that is a list": {"reason": []},
}


@pytest.mark.parametrize("wrong", BAD.values(), ids=BAD)
async def test_a_wrong_parameter_is_named_and_nothing_is_leased(house: House, wrong: dict[str, Any]) -> None:
    answer = await acquire(house, "a.py", **wrong)
    assert code(answer) == "bad-request"
    assert answer["error"]["message"]
    assert await house.live() == []


@pytest.mark.parametrize(
    ("body", "number", "word"),
    [
        (b"\xff", -32700, "bad-request"),
        (b"{", -32700, "bad-request"),
        (b"[" * 100_000, -32700, "bad-request"),
        (b"[]", -32600, "bad-request"),
        (b'{"id": 1}', -32600, "bad-request"),
        (b'{"id": 1, "method": 7}', -32600, "bad-request"),
        (b'{"id": 1, "method": "lease.steel"}', -32601, "unknown-method"),
        (b'{"id": 1, "method": "lease.list", "params": []}', -32000, "bad-request"),
        (b'{"id": 1, "method": "lease.release"}', -32000, "bad-request"),
    ],
)
async def test_a_malformed_request_is_answered(house: House, body: bytes, number: int, word: str) -> None:
    terminal = house.terminal()
    terminal.raw(body)
    await terminal.peer.idle()
    [answer] = terminal.peer.messages
    assert (answer["error"]["code"], code(answer)) == (number, word)


async def test_a_bug_of_ours_is_answered_and_logged(caplog: pytest.LogCaptureFixture) -> None:
    def stumble(_: dict[str, Any]) -> dict[str, Any]:
        raise ZeroDivisionError

    peer = FakePeer()
    answer = await Talk(RpcRole(peer, {"stumble": stumble}), peer).ask("stumble", {})
    assert (answer["error"]["code"], code(answer)) == (-32603, "internal")
    assert "ZeroDivisionError" in caplog.text
    assert "ZeroDivisionError" not in str(answer)


async def test_what_somebody_else_holds_is_not_let_go_of(house: House) -> None:
    await acquire(house, "a.py")
    await house.write("s1", house.file("b.py"))
    talk = house.terminal()
    for params in (
        {"ids": ["lease-1"], "as": "cat"},
        {"ids": ["lease-2"]},
        {"ids": ["lease-2"], "as": "bob"},
    ):
        assert code(await talk.ask("lease.release", params)) == "lease-not-yours"
    assert len(await house.live()) == 2


async def steal(house: House, *paths: str, **more: Any) -> Message:
    params = {
        "paths": list(paths),
        "workspace": str(house.root),
        "reason": "it is urgent",
        "user": "ann",
        **more,
    }
    return await house.terminal().ask("lease.steal", params)


async def test_a_person_takes_what_a_program_holds_at_once(house: House) -> None:
    old = (await acquire(house, "a.py"))["result"]["lease"]
    await acquire(house, "a.py", **{"as": "cat"})
    taken = (await steal(house, "a.py"))["result"]
    assert (taken["granted"], taken["lease"]["holder"]["name"]) == (True, "ann")
    assert taken["lease"]["token"] > old["token"]
    ended = next(each for each in house.events if isinstance(each, LeaseEnded))
    assert (ended.why, ended.by, ended.reason) == ("stolen", "ann", "it is urgent")
    assert [each["holder"]["name"] for each in (await call(house, "lease.list"))["waiters"]] == ["cat"]


async def test_a_program_takes_it_when_nobody_has_objected_in_time(house: House) -> None:
    await acquire(house, "a.py", ttl_s=600)
    claim = (await steal(house, "a.py", **{"as": "cat"}))["result"]
    assert (claim["granted"], claim["claim"]) == (False, {"until": "2027-01-15T08:01:00.000Z"})
    await house.pass_time(59)
    assert [each.holder.name for each in await house.live()] == ["bob"]
    await house.pass_time(1)
    assert [each.holder.name for each in await house.live()] == ["cat"]


@pytest.mark.parametrize("how", ["renew", "ask again"])
async def test_a_holder_who_objects_keeps_it(house: House, how: str) -> None:
    lease = (await acquire(house, "a.py", ttl_s=600))["result"]["lease"]
    await steal(house, "a.py", **{"as": "cat"})
    if how == "renew":
        await call(house, "lease.renew", ids=[lease["id"]])
    else:
        await acquire(house, "a.py", ttl_s=600)
    await house.pass_time(120)
    assert [each.holder.name for each in await house.live()] == ["bob"]
    assert [each["holder"]["name"] for each in (await call(house, "lease.list"))["waiters"]] == ["cat"]


async def test_a_program_never_takes_unsaved_work(house: House) -> None:
    path, ann = house.file("a.py"), house.editor()
    ann.open(path)
    ann.show(path, "ann's")
    await house.live()
    answer = await steal(house, "a.py", **{"as": "cat"})
    assert code(answer) == "lease-held"
    assert "ann (Vim) has unsaved changes" in answer["error"]["message"]


async def test_a_steal_needs_a_reason(house: House) -> None:
    assert code(await steal(house, "a.py", reason="")) == "bad-request"


async def test_a_lease_is_handed_to_whoever_is_named(house: House) -> None:
    lease = (await acquire(house, "a.py"))["result"]["lease"]
    for name in ("cat", "dan"):
        await acquire(house, "a.py", **{"as": name})
    given = (await call(house, "lease.handover", id=lease["id"], to="dan"))["lease"]
    assert (given["holder"]["name"], given["token"] > lease["token"]) == ("dan", True)
    assert [each["holder"]["name"] for each in (await call(house, "lease.list"))["waiters"]] == ["cat"]
    await house.hook({"hook_event_name": "SessionStart", "session_id": "s1"})
    assert (await call(house, "lease.handover", id=given["id"], to="s1"))["lease"]["holder"]["id"] == "s1"


async def test_nothing_is_handed_to_nobody(house: House) -> None:
    lease = (await acquire(house, "a.py"))["result"]["lease"]
    assert (
        code(await house.terminal().ask("lease.handover", {"id": lease["id"], "to": "eve"}))
        == "session-not-found"
    )
    assert code(await house.terminal().ask("lease.handover", {"id": "x", "to": "bob"})) == "lease-not-found"


async def test_a_writer_becomes_a_reader_among_others(house: House) -> None:
    lease = (await acquire(house, "a.py"))["result"]["lease"]
    await acquire(house, "a.py", mode="read", **{"as": "cat"})
    [read] = (await call(house, "lease.downgrade", ids=[lease["id"]]))["leases"]
    assert (read["id"], read["mode"]) == (lease["id"], "read")
    assert [(each.holder.name, each.mode) for each in await house.live()] == [
        ("bob", "read"),
        ("cat", "read"),
    ]
