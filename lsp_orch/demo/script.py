"""What is typed and said on stage. With ``--live`` a real model gets the same prompts, and plays itself."""

import threading
from typing import Any

from lsp_orch.demo.scripted_model import Call, ScriptedModel, Turn, answer, text, tool

HUMAN_LINE = '"""Say hello, and mean it."""'
AGENT_LINE = '    """Greet one person by name."""'
PLANTED = '"""Say hello."""\n\n\ndef greet(name):\n    return "hello " + name\n'
TYPED = PLANTED.replace('"""Say hello."""', HUMAN_LINE)

DOCUMENT = (
    "Add the docstring `Greet one person by name.` to greet() in greeting.py. Read the file, then use the "
    "Edit tool. When the edit is refused because somebody holds the file, repeat the very same edit."
)
BYE = "Write bye.py with a function bye(name) that returns 'bye ' + name."
LOUD = "Write loud.py with a function loud(words) that returns words in capitals."
BOTH = (
    "Write both.py with a function both(name) that returns the loud greeting and the loud goodbye of a name. "
    "Report as a learning: every function of this project lives in a module of its own name."
)
FACT = "every function of this project lives in a module of its own name"
WORD = "module"
ASK = "In which module of this project does a function live?"

_THINKING_S = 1.5  # about what a small step of a real model takes; it makes the time saved visible
_BOTH = (
    "from bye import bye\nfrom greeting import greet\nfrom loud import loud\n\n\n"
    "def both(name):\n    return loud(greet(name) + ', ' + bye(name))\n"
)


class Cast:
    """The scripted model's parts, and the cues that it shares with the scenes."""

    def __init__(self) -> None:
        self.killed = threading.Event()  # the worker on LOUD is gone: nobody reads its first turn to the end

    def learn(self, model: ScriptedModel) -> None:
        """Teach a scripted model its parts."""
        edit = tool(
            "Edit",
            file_path="greeting.py",
            old_string="def greet(name):\n",
            new_string=f"def greet(name):\n{AGENT_LINE}\n",
        )
        read = tool("Read", file_path="greeting.py")
        model.play(read, edit, edit, text("Done."), match="Add the docstring")
        model.play(
            _write("bye.py", "def bye(name):\n    return 'bye ' + name\n"),
            _report("Wrote bye().", "bye.py"),
            match="Write bye.py",
        )
        model.play(
            Turn(text="I begin.", hold=self.killed),
            _write("loud.py", "def loud(words):\n    return words.upper()\n"),
            _report("Wrote loud().", "loud.py"),
            match="Write loud.py",
        )
        model.play(
            _write("both.py", _BOTH),
            _report("Wrote both().", "both.py", learnings=[FACT]),
            match="Write both.py",
        )
        model.play(text(f"In a {WORD} of its own name."), match="In which module")


def refusal(model: ScriptedModel) -> str:
    """What the model was told when its edit was refused, in our own words."""
    call = model.wait_for(lambda each: DOCUMENT[:20] in each.prompt and _refused(each) != "")
    return _refused(call).partition("[lease-held] ")[2]


def _refused(call: Call) -> str:
    return next((str(each["content"]) for each in call.tool_results if each.get("is_error")), "")


def _write(name: str, content: str) -> Turn:
    return Turn(
        tools=({"name": "Write", "input": {"file_path": name, "content": content}},), delay_s=_THINKING_S
    )


def _report(summary: str, *changed: str, learnings: list[str] | None = None) -> Turn:
    fields: dict[str, Any] = {
        "status": "done",
        "summary": summary,
        "changed_files": list(changed),
        "follow_ups": [],
        "learnings": learnings or [],
    }
    return answer(**fields)
