"""Plans by the command line: the real daemon and the real Claude Code; only the model is scripted."""

import json
import re
import stat
import subprocess
from pathlib import Path
from typing import Any

import pytest

from lsp_orch.demo.messages_api import Call
from lsp_orch.demo.scripted_model import ScriptedModel, Turn, answer, tool
from tests.e2e.conftest import configure
from tests.e2e.test_reviews import git
from tests.fixtures.claude import RealClaude
from tests.fixtures.daemon import Instance
from tests.fixtures.plans import said
from tests.fixtures.processes import carrying

pytestmark = pytest.mark.real

GOAL = "make it quick"


@pytest.fixture
def office(instance: Instance, claude: RealClaude, model: ScriptedModel) -> Instance:
    instance.connect(claude, model)
    return instance


def plans(model: ScriptedModel, *tasks: dict[str, Any]) -> None:
    """The planner looks at one file, and hands this back."""
    look = tool("Glob", pattern="*")
    model.play(look, answer(summary="side by side", tasks=list(tasks)), match="The goal:")


def done(summary: str, *files: str) -> Turn:
    return answer(status="done", summary=summary, changed_files=list(files), follow_ups=[], learnings=[])


def commit(office: Instance, name: str) -> None:
    """A person goes on meanwhile."""
    (office.workspace / name).write_text("mine\n", encoding="utf-8")
    git(office, "add", name)
    git(office, "commit", "-qm", name)


THREE = (
    said("look", stage="research", paths=(), prompt="find out what is slow"),
    said("one", paths=("one.txt",), after=("look",), check="test -f one.txt", prompt="write the first"),
    said("two", paths=("*.txt",), after=("look",), prompt="write the other", role="testing"),
)


def test_a_plan_is_shown_and_nothing_is_filed_before_it_is_accepted(
    office: Instance, model: ScriptedModel
) -> None:
    plans(model, *THREE)
    shown = office.json("plan", GOAL)["plan"]
    assert (shown["state"], shown["goal"], shown["summary"]) == ("proposed", GOAL, "side by side")
    tasks = {task["name"]: task for task in shown["tasks"]}
    assert tasks["two"]["after"] == ["look", "one"]
    assert tasks["two"]["because"] == {"one": "one.txt and *.txt"}
    assert shown["estimate"]["longest"] == ["look", "one", "two"]
    assert any("really serial" in words for words in shown["warnings"])
    assert office.json("task", "list")["tasks"] == []
    assert office.json("plan", "--list")["plans"][0]["id"] == shown["id"]
    told = office.cli("plan", shown["id"]).stdout
    assert "both change one.txt and *.txt" in told
    assert f"Nothing is filed yet: lsp-orch plan {shown['id']} --apply" in told
    # the planner had eyes only
    offered = {each["name"] for call in model.calls if call.turn == 0 for each in call.body["tools"]}
    assert {"Read", "Grep", "Glob"} <= offered
    assert offered.isdisjoint({"Bash", "Edit", "Write"})


def test_an_accepted_plan_is_filed_once_and_its_tasks_share_what_nobody_can_change(
    office: Instance, model: ScriptedModel
) -> None:
    (office.workspace / "AGENTS.md").write_text("Be brief.\n", encoding="utf-8")
    plans(model, *THREE)
    model.play(tool("Bash", command="true"), done("it is the disk"), match="find out what is slow")
    filed = office.json("plan", GOAL, "--apply")
    plan_id, tasks = filed["plan"]["id"], filed["tasks"]
    assert [task["title"] for task in tasks] == ["do look", "do one", "do two"]
    assert tasks[2]["after"] == [tasks[0]["id"], tasks[1]["id"]]
    again = office.json("plan", plan_id, "--apply")
    assert [task["id"] for task in again["tasks"]] == [task["id"] for task in tasks]
    assert len(office.json("task", "list")["tasks"]) == 3
    assert office.json("task", "wait", tasks[0]["id"])["tasks"][0]["state"] == "review"
    call = next(call for call in model.calls if call.prompt.startswith("find out what is slow"))
    assert "Find out; change no file of the project." in call.prompt  # its stage's template
    offered = {each["name"] for each in call.body["tools"]}
    assert "Bash" in offered
    assert "Edit" not in offered  # its stage's tools
    [folder] = office.home.rglob(f"{plan_id}/context")
    assert str(folder) in call.prompt
    assert (folder / "base").read_text(encoding="utf-8").strip() == filed["plan"]["base"]
    assert "Be brief." in (folder / "conventions.md").read_text(encoding="utf-8")
    assert tasks[1]["id"] in (folder / "plan.md").read_text(encoding="utf-8")
    assert stat.S_IMODE(folder.stat().st_mode) == 0o500
    assert [each.name for each in (folder.parent / "scratch").iterdir()] == [tasks[0]["id"]]


def folders(call: Call) -> tuple[str, str]:
    """What the worker was told: the folder that all share, and its own."""
    found = re.search(r"share is in (\S+), and nobody.* first\. (\S+) is yours alone", call.prompt)
    assert found, call.prompt
    return found[1], found[2]


def test_a_worker_writes_to_its_own_folder_and_to_nobody_elses(
    office: Instance, model: ScriptedModel
) -> None:
    def shell(call: Call) -> Turn:
        context, scratch = folders(call)
        evil = f"chmod -R u+w {context}; echo evil > {context}/plan.md; echo evil > {scratch}/../evil"
        return tool("Bash", command=f"echo mine > {scratch}/note; {evil}; true")

    def write(call: Call) -> Turn:
        context, scratch = folders(call)
        paths = [f"{scratch}/draft", f"{context}/plan.md", f"{context}/more.md", f"{scratch}/../evil"]
        return Turn(
            tools=tuple({"name": "Write", "input": {"file_path": path, "content": "x"}} for path in paths)
        )

    plans(model, said("look", stage="research", paths=()), said("next", after=("look",)))
    model.play(tool("Read", file_path="README.md"), shell, write, done("so"), match="do look well")
    filed = office.json("plan", GOAL, "--apply")
    first = filed["tasks"][0]["id"]
    assert office.json("task", "wait", first)["tasks"][0]["state"] == "review"
    [folder] = office.home.rglob(f"{filed['plan']['id']}/context")
    scratch = folder.parent / "scratch"
    assert (scratch / first / "note").read_text(encoding="utf-8") == "mine\n"
    assert (scratch / first / "draft").read_text(encoding="utf-8") == "x"
    assert [each.name for each in scratch.iterdir()] == [first]
    assert sorted(each.name for each in folder.iterdir()) == ["base", "plan.md"]
    assert GOAL in (folder / "plan.md").read_text(encoding="utf-8")


def test_a_plan_that_waits_for_itself_is_refused_with_the_cycle_named(
    office: Instance, model: ScriptedModel
) -> None:
    plans(model, said("one", after=("two",)), said("two", after=("one",)))
    error = office.json("plan", GOAL, "--apply", status=1)["error"]
    assert error["code"] == "task-cycle"
    assert "one after two after one" in error["message"]
    assert office.json("task", "list")["tasks"] == []
    assert office.json("plan", "--list")["plans"][0]["state"] == "failed"


def test_a_plan_of_500_tasks_is_refused(office: Instance, model: ScriptedModel) -> None:
    plans(model, *(said(f"t{number}") for number in range(500)))
    error = office.json("plan", GOAL, "--apply", status=1)["error"]
    assert (error["code"], "500 tasks" in error["message"]) == ("plan-invalid", True)
    assert "plan.max_tasks" in error["hint"]
    assert office.json("task", "list")["tasks"] == []


def test_what_changed_since_makes_a_plan_stale_unless_a_person_says_otherwise(
    office: Instance, model: ScriptedModel
) -> None:
    plans(model, said("one", paths=("one.txt",)))
    plan_id = office.json("plan", GOAL)["plan"]["id"]
    commit(office, "other.txt")
    commit(office, "one.txt")
    error = office.json("plan", plan_id, "--apply", status=1)["error"]
    assert (error["code"], error["message"].startswith("one.txt")) == ("plan-stale", True)
    assert office.json("task", "list")["tasks"] == []
    assert len(office.json("plan", plan_id, "--apply", "--anyway")["tasks"]) == 1


def test_a_rejected_plan_stays_so(office: Instance, model: ScriptedModel) -> None:
    plans(model, said("one"))
    plan_id = office.json("plan", GOAL)["plan"]["id"]
    assert office.json("plan", plan_id, "--reject")["plan"]["state"] == "rejected"
    assert office.json("plan", plan_id, "--apply", status=1)["error"]["code"] == "plan-state"


def test_a_planner_that_says_nothing_of_use_leaves_nothing(office: Instance, model: ScriptedModel) -> None:
    model.play(Turn(text="I would rather talk."), Turn(text="No."), match="The goal:")
    error = office.json("plan", GOAL, status=1)["error"]
    assert error["code"] == "result-invalid"
    assert office.json("plan", "--list")["plans"][0]["error"]


def test_a_killed_daemons_planner_is_ended_and_its_plan_is_over(
    office: Instance, model: ScriptedModel
) -> None:
    model.play(Turn(hang=True), match="The goal:")
    with subprocess.Popen(
        office.command("plan", GOAL), cwd=office.workspace, env=office.env, stderr=subprocess.DEVNULL
    ):
        call = model.wait_for(lambda call: call.status == 200)
        office.kill()
    office.json("daemon", "start")
    [plan] = office.json("plan", "--list")["plans"]
    assert plan["state"] in {"planning", "failed"}  # it is given up while we look
    assert carrying("LSP_ORCH_SESSION", Path(call.session)) == []


def test_when_the_days_money_is_spent_nothing_starts_and_a_notice_says_so(
    instance: Instance, claude: RealClaude, model: ScriptedModel
) -> None:
    configure(instance, "[tasks]\nday_usd = 1.0\nmax_usd = 0.75\nworkers = 1\n[plan]\nmax_usd = 1.5\n")
    instance.connect(claude, model)
    model.play(done("so"), match="first")
    task = instance.json("task", "add", "the first")["task"]["id"]
    assert instance.json("task", "wait", task)["tasks"][0]["state"] == "review"
    assert instance.json("plan", GOAL, status=1)["error"]["code"] == "day-cap"
    spent = instance.json("task", "add", "rename it all", "--max-usd", "1.01")["task"]["id"]
    instance.json("task", "wait", spent, "--timeout", "0.5", status=1)
    assert [notice["code"] for notice in instance.json("status")["notices"]] == ["day-cap"]
    assert "tasks.day_usd" in instance.cli("status").stdout
    report = instance.json("report")["report"]
    assert report["states"] == {"ready": 1, "review": 1}
    assert [notice["code"] for notice in report["notices"]] == ["day-cap"]


def test_a_report_says_what_ran_which_model_and_why(office: Instance, model: ScriptedModel) -> None:
    model.play(done("so"), match="Fix a typo")
    task = office.json("task", "add", "Fix a typo")["task"]["id"]
    assert office.json("task", "wait", task)["tasks"][0]["state"] == "review"
    page = office.workspace / "report.html"
    report = office.json("report", "--html", str(page))["report"]
    [run] = report["runs"]
    assert (run["model"], run["why_model"], run["ending"]) == ("haiku", "mechanical work", "done")
    shown = office.json("task", "show", task)["task"]
    assert (shown["model"], shown["chosen_model"], shown["model_reason"]) == (
        "auto",
        "haiku",
        "mechanical work",
    )
    assert "haiku (mechanical work)" in office.cli("task", "show", task).stdout
    assert report["acceptance"] is None
    assert report["speedup"] == pytest.approx(1.0)
    assert "Fix a typo" in page.read_text(encoding="utf-8")
    office.json("review", "accept", task)
    assert office.json("report")["report"]["acceptance"] == 1.0
    assert office.json("report", "--since", "2100-01-01")["report"]["runs"] == []
    assert json.dumps(report)
