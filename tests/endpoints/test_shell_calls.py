"""What a shell command writes is leased like everything else."""

import pytest

from lsp_orch.domain.settings import Mode, Settings
from lsp_orch.domain.version import Why
from tests.endpoints.house import House


def names(house: House) -> list[str]:
    root = f"{house.root}"
    return sorted(scope.key.replace(root, ".") for lease in house.view.leases() for scope in lease.scopes)


@pytest.mark.parametrize(
    ("command", "leased"),
    [
        ("sed -i s/a/b/ a.py", ["./a.py"]),
        ("cd sub && echo x > b.py", ["./sub/b.py"]),
        ("cp a.py sub/ && rm a.py", ["./a.py", "./sub/a.py"]),
        ("rm -r sub", ["./sub"]),
        ("git checkout -- .", ["."]),
        ("cat a.py | grep x", []),
        ("echo x > /dev/null", []),
        ('python3 -c \'open("a.py", "w")\'', ["./a.py"]),
        ("cat > a.py <<'END'\nx\nEND", ["./a.py"]),
    ],
)
async def test_a_command_takes_what_it_writes(house: House, command: str, leased: list[str]) -> None:
    house.file("a.py", "a")
    (house.root / "sub").mkdir()
    assert await house.run("s1", command) == (0, "")
    await house.live()
    assert names(house) == leased


async def test_what_lies_outside_is_nobodys_to_guard(house: House) -> None:
    assert await house.run("s1", "echo x > ../elsewhere.txt; echo y > a.py") == (0, "")
    await house.live()
    assert names(house) == ["./a.py"]


async def test_a_command_on_a_held_file_is_refused_whole(house: House) -> None:
    path = house.file("a.py")
    await house.write("s1", path)
    status, text = await house.run("s2", "echo x > b.py && sed -i s/a/b/ a.py")
    assert status == 2
    assert text.startswith("[lease-held] a.py, b.py are not yours to write now: Claude Code s1 is working")
    await house.live()
    assert names(house) == ["./a.py"]


async def test_a_folder_is_not_removed_under_somebody(house: House) -> None:
    (house.root / "sub").mkdir()
    await house.write("s1", house.file("sub/a.py"))
    assert (await house.run("s2", "rm -rf sub"))[0] == 2
    assert (await house.run("s2", "rm -rf .."))[0] == 2
    assert (await house.run("s2", "git stash"))[0] == 2


async def test_what_is_overwritten_and_removed_is_kept_before(house: House) -> None:
    (house.root / "sub").mkdir()
    house.file("sub/a.py", "in the folder")
    house.file("b.py", "b")
    await house.run("s1", "rm -r sub; echo x > b.py; echo y > new.py")
    assert sorted(house.kept) == [
        ("a.py", "Claude Code s1", Why.BEFORE_WRITE, "in the folder"),
        ("b.py", "Claude Code s1", Why.BEFORE_WRITE, "b"),
        ("new.py", "Claude Code s1", Why.BEFORE_WRITE, ""),
    ]


async def test_what_cannot_be_known_passes_where_it_is_only_advised(house: House) -> None:
    await house.write("s1", house.file("a.py"))
    assert await house.run("s2", "./build.sh") == (0, "")
    assert await house.run("s2", "./build.sh", "advise") == (0, "")


@pytest.mark.parametrize("mode", ["enforce", ""])
async def test_what_cannot_be_known_needs_the_workspace_where_it_is_enforced(house: House, mode: str) -> None:
    house.settings = Settings(leases_hook_wait_s=0.0, mode=Mode.ADVISE if mode else Mode.ENFORCE)
    path = house.file("a.py")
    await house.write("s1", path)
    status, text = await house.run("s2", "./build.sh", mode)
    assert status == 2
    assert text.startswith("[lease-held] ./ is not yours to write now")
    await house.hook({"hook_event_name": "SessionEnd", "session_id": "s1"})
    assert (await house.run("s2", "./build.sh", mode))[0] == 0
    assert (await house.write("s3", path))[0] == 2


async def test_the_workspace_is_free_again_when_the_command_has_ended(house: House) -> None:
    path = house.file("a.py")
    await house.write("s1", path)
    call = {"tool_use_id": "call-1"}
    assert (await house.run("s1", "./build.sh", "enforce", **call))[0] == 0
    await house.done("s1", "", tool_name="Bash", tool_input={"command": "./build.sh"}, **call)
    await house.live()
    assert names(house) == ["./a.py"]


async def test_a_command_that_nobody_can_read_is_answered(house: House) -> None:
    for command in ("", "((((", "\0", "x" * 300_000, "echo \ud800 > a"):
        assert (await house.run("s1", command))[0] == 0
    status, text = await house.hook(house.tool("s1", "", tool_name="Bash", tool_input={}), "enforce")
    assert status == 2
    assert "command is missing" in text
