"""Templates of prompts and tools: pipelines, the stages they are made of, and roles."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from lsp_orch.domain.errors import Code, Refusal
from lsp_orch.domain.plan import NO_ROLE, Piece, Vocabulary

GOAL = "goal"  # the one thing that a template can ask for, written {{goal}}

_ASKED = re.compile(r"\{\{\s*(\w*)\s*\}\}")
_NAME = re.compile(r"[a-z0-9][a-z0-9-]{0,39}")
_TOOL = re.compile(r"\w+")


class Kind(StrEnum):
    """What a template is of; each has a folder of that name."""

    PIPELINE = "pipelines"  # what the planner is told, and which stages there are
    STAGE = "stages"  # a kind of work: what its worker is told and may use
    ROLE = "roles"  # with whose eyes it is done


@dataclass(frozen=True, slots=True, kw_only=True)
class Template:
    """``about`` is one line for the planner, ``text`` what is told, ``tools`` are all it may use (none: any).

    ``stages`` are a pipeline's, in their order; a stage that does not ``write`` leaves all files as they are.
    """

    kind: Kind
    name: str
    about: str
    text: str
    tools: tuple[str, ...] = ()
    stages: tuple[str, ...] = ()
    writes: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Shelf:
    """All templates by kind and name."""

    of: Mapping[Kind, Mapping[str, Template]] = field(default_factory=dict)

    def pipeline(self, name: str) -> Template | Refusal:
        """The one of that name, if all its stages are there."""
        pipelines = self.of.get(Kind.PIPELINE, {})
        if name not in pipelines:
            return Refusal(
                code=Code.TEMPLATE_NOT_FOUND,
                message=f"there is no pipeline named {name}",
                hint=f"there are {', '.join(sorted(pipelines))}; your own go into the folder plan.templates",
            )
        if missing := [each for each in pipelines[name].stages if each not in self.of.get(Kind.STAGE, {})]:
            return refuse(f"the pipeline {name} has a stage that is not there: {missing[0]}")
        return pipelines[name]

    def words(self, pipeline: Template) -> Vocabulary:
        """What a plan by that pipeline is made of."""
        stages = self.of[Kind.STAGE]
        return Vocabulary(
            stages={name: stages[name].writes for name in pipeline.stages},
            roles=tuple(sorted(self.of.get(Kind.ROLE, {}))),
        )

    def parts(self, stage: str, role: str) -> tuple[Template, ...]:
        """The templates that a task of a plan is made with, as far as they are there."""
        found = (self.of.get(Kind.STAGE, {}).get(stage), self.of.get(Kind.ROLE, {}).get(role))
        return tuple(each for each in found if each)


def refuse(reason: str) -> Refusal:
    """Say why a template cannot be used."""
    return Refusal(
        code=Code.TEMPLATE_INVALID, message=reason, hint="mend the file, or take it out of plan.templates"
    )


def check(template: Template) -> str:
    """The first thing in which a template makes no sense; empty when it does."""
    wrong = {
        "its file's name must be of small letters, digits and dashes": not _NAME.fullmatch(template.name),
        f"a role cannot be named {NO_ROLE}": template.kind is Kind.ROLE and template.name == NO_ROLE,
        "about is missing: one line that says what it is for": not template.about.strip(),
        "it says nothing": not template.text.strip(),
        "a pipeline needs stages": template.kind is Kind.PIPELINE and not template.stages,
        "only a pipeline has stages": template.kind is not Kind.PIPELINE and bool(template.stages),
    }
    if found := [words for words, broken in wrong.items() if broken]:
        return found[0]
    if odd := [each for each in template.tools if not _TOOL.fullmatch(each)]:
        return f"tools: {odd[0]!r} is no name of a tool"
    if unknown := [each for each in _ASKED.findall(template.text) if each != GOAL]:
        return f"it asks for {{{{{unknown[0]}}}}}, and only {{{{{GOAL}}}}} can be given"
    return ""


def filled(text: str, goal: str) -> str:
    """The text with the goal in its places; what the goal says is not read again."""
    return _ASKED.sub(lambda _: goal, text)


def planner_prompt(pipeline: Template, shelf: Shelf, goal: str, most: int) -> str:
    """What the planner is told: the goal, how to split it, and the words to do it with."""
    stages, roles = shelf.of[Kind.STAGE], shelf.of.get(Kind.ROLE, {})
    return "\n\n".join(
        [
            filled(pipeline.text, goal).strip(),
            "The goal:\n" + goal.strip(),
            "Stages:\n" + _listed(stages[name] for name in pipeline.stages),
            "Roles:\n"
            + _listed(roles[name] for name in sorted(roles))
            + f"\n- {NO_ROLE}: no one in particular",
            f"At most {most} tasks. Change nothing now: you only plan. End with the structured result.",
        ]
    )


def task_prompt(piece: Piece, parts: Iterable[Template], goal: str) -> str:
    """What the worker of a planned task is told."""
    return "\n\n".join([piece.prompt.strip(), *(filled(each.text, goal).strip() for each in parts)])


def tools(parts: Iterable[Template]) -> tuple[str, ...] | None:
    """The tools that all of these leave; None means that nobody has restricted them."""
    left: tuple[str, ...] | None = None
    for each in parts:
        if each.tools:
            left = each.tools if left is None else tuple(tool for tool in left if tool in each.tools)
    return left


def _listed(templates: Iterable[Template]) -> str:
    return "\n".join(
        f"- {each.name}: {each.about}" + ("" if each.writes else " It changes no files.")
        for each in templates
    )
