"""News that concerns everybody at an editor, whatever file they look at."""

from dataclasses import replace

from lsp_orch.domain.events import LeaseChanged, ReapingFrozen
from tests.endpoints.house import House
from tests.fixtures.clock import START


async def test_every_editor_is_told_once_that_reaping_is_frozen(house: House) -> None:
    ann, bob = house.editor("ann"), house.editor("bob")
    await house.look(lambda _: None)
    house.publish([ReapingFrozen(until=START + 120, why="the clock was set back by 60 min")])
    house.publish([ReapingFrozen(until=START + 180, why="3 sessions died within 30 s", longer=True)])
    said = (
        "lsp-orch: the clock was set back by 60 min. Until 08:02 UTC nobody is taken for dead "
        "and no lease ends by itself; what is asked for is granted as ever."
    )
    assert ann.told() == bob.told() == [said]
    [message] = [each for each in ann.peer.messages if each.get("method") == "window/showMessage"]
    assert message["params"]["type"] == 2  # a warning


async def test_a_lease_that_becomes_contested_is_shown_anew(house: House) -> None:
    path, ann = house.file("a.py"), house.editor("ann")
    ann.open(path)
    await house.write("s1", path)
    shown = len(ann.peer.messages)
    [lease] = await house.live()
    house.publish([LeaseChanged(lease=lease)])
    assert len(ann.peer.messages) == shown  # a sign of life is no news
    house.publish([LeaseChanged(lease=replace(lease, contested=True))])
    assert len(ann.peer.messages) == shown + 1
