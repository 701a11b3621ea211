"""The main job in five scenes; each one looks at what really happened and says so, or fails."""

import json
import os
import shlex
import signal
import subprocess
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Self

from lsp_orch.demo import script
from lsp_orch.demo.stage import CHECK, Stage

Say = Callable[[str], None]


class NotObserved(Exception):
    """Something that the play promises did not happen."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Scene:
    """A promise, and the function that watches it being kept; it returns what was seen."""

    title: str
    play: Callable[[Stage, Say], str]


def expect(truth: object, what: str) -> None:
    """Raise NotObserved unless ``truth`` holds."""
    if not truth:
        raise NotObserved(what)


def people(stage: Stage, say: Say) -> str:
    """Two editors on one file: the second one sees who is typing."""
    path = stage.repository / "greeting.py"
    with stage.editor("first editor") as first, stage.editor("second editor") as second:
        second.open(path, path.read_text(encoding="utf-8"))
        first.open(path, path.read_text(encoding="utf-8"))
        first.change(path, script.TYPED)
        say("a person types in the first editor and has not saved")
        shown = second.wait_told("textDocument/publishDiagnostics", lambda each: each["diagnostics"])
        message: str = shown["diagnostics"][0]["message"]
        expect("first editor" in message and "unsaved" in message, f"the second editor shows: {message}")
        say(f"the second editor shows: {message}")
        first.close(path)
        second.wait_told("textDocument/publishDiagnostics", lambda each: not each["diagnostics"], since=1)
        first.goodbye()
        second.goodbye()
    return "the second editor named the first"


def sharing(stage: Stage, say: Say) -> str:
    """A person and an agent on one file: refused, queued, let through by the save, no byte lost."""
    path = stage.repository / "greeting.py"
    with stage.editor("the person's editor") as editor, _watching(stage) as watch:
        editor.open(path, path.read_text(encoding="utf-8"))
        editor.change(path, script.TYPED)
        watch.wait_for("granted")
        agent = stage.agent(script.DOCUMENT)
        queued = watch.wait_for("queued")
        say(f"an agent wants greeting.py too and is number {queued['waiter']['position']} in the queue")
        if stage.model:
            told = script.refusal(stage.model)
            expect("the person's editor" in told and "unsaved" in told, f"the agent was told: {told}")
            say(f"the agent is told: {told.partition('. ')[0]}")
        _write(path, script.TYPED)
        editor.save(path)
        say("the person saves; nobody polls")
        granted = watch.wait_for("granted")
        expect(granted["ticket"] == queued["waiter"]["id"], "the queued agent was the next holder")
        output, _ = agent.communicate(timeout=120)
        expect(agent.returncode == 0, f"the agent ended with {agent.returncode}: {output}")
        editor.goodbye()
    text = path.read_text(encoding="utf-8")
    expect(script.HUMAN_LINE in text, "the person's line is in the file")
    expect(script.AGENT_LINE in text, "the agent's line is in the file")
    stage.git("commit", "--quiet", "--all", "--message", "A person and an agent share a file")
    return "refused by name, queued, granted by the save; both changes are in the file"


def tasks(stage: Stage, say: Say) -> str:
    """Three tasks in worktrees, one worker killed on the way."""
    bye = _add(stage, script.BYE)
    loud = _add(stage, script.LOUD)
    both = _add(stage, script.BOTH, bye, loud)
    say(f"filed {bye}, {loud}, and {both} which waits for both")
    expect(_task(stage, both)["state"] == "pending", "the third task waits")
    pid = _pid(stage, loud)
    os.kill(pid, signal.SIGKILL)
    stage.cast.killed.set()
    say(f"killed the worker of {loud} (pid {pid}, SIGKILL)")
    stage.cli("task", "wait", bye, loud, "--timeout", "120")
    expect(_task(stage, loud)["attempt"] > 1, "the killed task was started again")
    say(f"{loud} recovered: attempt {_task(stage, loud)['attempt']}")
    for task in (bye, loud):
        stage.cli("review", "accept", task)
    say("both reviewed and merged; now the third may start")
    stage.cli("task", "wait", both, "--timeout", "120")
    stage.cli("review", "accept", both)
    return "three tasks done, one after a SIGKILL of its worker"


def merged(stage: Stage, say: Say) -> str:
    """The merged tree is clean and its tests are green."""
    for name in ("bye.py", "loud.py", "both.py"):
        expect((stage.repository / name).is_file(), f"{name} is merged")
    done = subprocess.run(
        shlex.split(CHECK),
        cwd=stage.repository,
        env=stage.env,
        capture_output=True,
        text=True,
        check=False,
    )
    expect(done.returncode == 0, f"the tests are green: {done.stderr}")
    expect(not stage.git("diff", "HEAD", "--stat"), "the tree is clean")
    say(f"`{CHECK.split('/')[-1]}` is green on {stage.git('rev-parse', '--short', 'HEAD')}")
    return "clean tree, tests green"


def memory(stage: Stage, say: Say) -> str:
    """A learning of a task reaches the next session."""
    found = stage.cli("vault", "search", script.FACT)["hits"]
    expect(found, "the learning became a note")
    say(f"the note: {found[0]['title']}")
    agent = stage.agent(script.ASK)
    output, _ = agent.communicate(timeout=120)
    expect(agent.returncode == 0, f"the new session ended with {agent.returncode}: {output}")
    if stage.model:
        call = stage.model.wait_for(lambda each: script.ASK in each.prompt)
        expect(script.FACT in call.text, "the note is in the new session's first request")
    else:
        expect(script.WORD in output, f"the model used the note: {output}")
    return "the next session's model was given the note"


SCENES = (
    Scene(title="two editors, one file", play=people),
    Scene(title="a person and an agent", play=sharing),
    Scene(title="three tasks, one crash", play=tasks),
    Scene(title="merged and green", play=merged),
    Scene(title="learned once, known later", play=memory),
)


def serial_s(stage: Stage) -> tuple[float, float]:
    """How long the tasks ran one by one, and how long the queue took for them (seconds)."""
    spans = [
        (_moment(task["started_at"]), _moment(task["finished_at"]))
        for task in stage.cli("task", "list")["tasks"]
    ]
    wall = max(end for _, end in spans) - min(start for start, _ in spans)
    return sum(end - start for start, end in spans), wall


def _write(path: Path, text: str) -> None:
    """Save as good editors do: whole or not at all, so that nobody ever reads half a file."""
    new = path.with_suffix(".new")
    new.write_text(text, encoding="utf-8")
    new.replace(path)


def _moment(text: str) -> float:
    return datetime.fromisoformat(text).timestamp()


def _add(stage: Stage, prompt: str, *after: str) -> str:
    arguments = [part for each in after for part in ("--after", each)]
    added: dict[str, Any] = stage.cli("task", "add", prompt, "--check", CHECK, *arguments)
    task_id: str = added["task"]["id"]
    return task_id


def _task(stage: Stage, task_id: str) -> dict[str, Any]:
    task: dict[str, Any] = stage.cli("task", "show", task_id)["task"]
    return task


def _pid(stage: Stage, task_id: str) -> int:
    """The worker's process, once it is at work."""
    if stage.model:
        stage.model.wait_for(lambda call: script.LOUD in call.prompt)
    else:
        with _Watch(stage.start("task", "logs", task_id, "--follow")) as log:
            log.first()
    pid = _task(stage, task_id)["pid"]
    expect(pid, "the task's worker runs")
    return int(pid)


class _Watch:
    """A verb that goes on printing: ``lease watch`` or ``task logs --follow``."""

    def __init__(self, process: "subprocess.Popen[str]") -> None:
        self._process = process

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._process.terminate()
        with self._process:
            pass

    def first(self) -> str:
        """The next line, whatever it is."""
        for line in self._process.stdout or ():
            return line
        raise NotObserved("a first line")

    def wait_for(self, kind: str) -> dict[str, Any]:
        """The next event of that kind."""
        for line in self._process.stdout or ():
            event: dict[str, Any] = json.loads(line)
            if event["event"] == kind:
                return event
        raise NotObserved(f"an event {kind}")


def _watching(stage: Stage) -> _Watch:
    process = stage.start("lease", "watch")
    if process.stderr:
        process.stderr.readline()  # it says that it watches: from here on nothing is missed
    return _Watch(process)
