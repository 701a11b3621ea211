"""The walk over a script: which commands may run, and what the shell knows when they do."""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, ClassVar

from lsp_orch.adapters.shell.atoms import text_of
from lsp_orch.adapters.shell.commands import Commands
from lsp_orch.adapters.shell.files import Record
from lsp_orch.adapters.shell.nodes import assigned, is_literal, parted, unfilled
from lsp_orch.domain.shell.state import Ends, State, ends, join
from lsp_orch.domain.shell.text import TooMuch
from lsp_orch.domain.shell.writes import Known, Word

if TYPE_CHECKING:
    from tree_sitter import Node, Tree

_DEEPEST = 12  # scripts in scripts, and functions in functions
_LETTERS_A_STEP = 100
_ROUNDS = 12  # of a loop whose end is not known; what is still moving then is not known either
_STEADY = 3
_DEFAULTED = re.compile(r"\$\{([A-Za-z_]\w*):?=")
_PASSING = frozenset(("list", "pipeline", "negated_command", "redirected_statement", "command"))
_WORDY = frozenset(("variable_assignment", "test_command"))


@dataclass(frozen=True, slots=True)
class Extra:
    """What a statement gets besides its own words: redirections, and arguments that came after one."""

    redirects: tuple["Node", ...] = ()
    words: tuple["Node", ...] = ()


_NONE = Extra()


class Walk:
    """Follows every branch. A statement that is not understood is a mystery, not an error."""

    def __init__(
        self, record: Record, environment: Mapping[str, str], parse: Callable[[str], "Tree"]
    ) -> None:
        self.record = record
        self.bodies: list[Node] = []
        self.escapes: list[State] = []
        self.loops = self.calls = 0
        self._parse = parse
        self._depth = 0
        self._commands = Commands(self, record, environment)

    def program(self, text: str, state: State) -> Ends:
        """Follow a script from its text."""
        self.record.spend(len(text) // _LETTERS_A_STEP)
        tree = self._parse(text)
        if tree.root_node.has_error:
            self.record.mystery("part of the command line cannot be read")
        return self.deeper(lambda: self.sequence(tree.root_node.children, state))

    def deeper(self, follow: Callable[[], Ends]) -> Ends:
        """Follow a script or a function inside of another.

        Raises:
            TooMuch: it goes on and on.
        """
        self._depth += 1
        if self._depth > _DEEPEST:
            raise TooMuch("it calls itself")
        found = follow()
        self._depth -= 1
        return found

    def sequence(self, nodes: Sequence["Node"], state: State | None) -> Ends:
        """Statements one after the other; those before an ``&`` run beside."""
        last = ends(state)
        for at, node in enumerate(nodes):
            if state is None:
                break
            if not node.is_named or node.type == "comment":
                continue
            beside = at + 1 < len(nodes) and nodes[at + 1].type == "&"
            found = self.statement(node, state)
            last = ends(state) if beside else found
            state = last.either
        return last

    def statement(self, node: "Node", state: State, extra: Extra = _NONE) -> Ends:
        """Any statement, with what its surroundings give it."""
        self.record.spend(1)
        follow = self._STATEMENTS.get(node.type)
        if follow is None:
            self.record.mystery(f"a {node.type} cannot be read")
            return ends(state)
        if extra is not _NONE and node.type not in _PASSING:
            state = self._commands.redirected(extra.redirects, state)
        return follow(self, node, state, extra)

    def inner(self, node: "Node", state: State) -> State:
        """Follow the commands inside of words, and forget what expansions and arithmetic change."""
        waiting, changed = [node], set[str]()
        while waiting:
            each = waiting.pop()
            if each.type in {"command_substitution", "process_substitution"}:
                alone = [child for child in each.children if child.type == "file_redirect"]  # $(> a)
                self._commands.redirected(alone, state)
                self.sequence([child for child in each.children if child not in alone], state)
                continue
            if each.type == "heredoc_body" and "`" in unfilled(each) and not is_literal(each):
                self.record.mystery("a here-document runs a command")
            if each.type == "arithmetic_expansion":
                changed.update(assigned(text_of(each)))
            elif each.type == "expansion" and (match := _DEFAULTED.match(text_of(each))):
                changed.add(match[1])
            if each.type not in self._STATEMENTS or each is node or each.type in _WORDY:
                waiting += each.children
        return state.unsure_of(changed)

    def _command(self, node: "Node", state: State, extra: Extra) -> Ends:
        return self._commands.run(node, self.inner(node, state), extra.words, extra.redirects)

    def _assignment(self, node: "Node", state: State, _: Extra) -> Ends:
        return self._commands.assign(node, self.inner(node, state))

    def _declaration(self, node: "Node", state: State, _: Extra) -> Ends:
        return self._commands.declare(node, self.inner(node, state))

    def _test(self, node: "Node", state: State, _: Extra) -> Ends:
        state = self.inner(node, state)
        return ends(state.unsure_of(assigned(text_of(node)) if text_of(node).startswith("((") else ()))

    def _redirected(self, node: "Node", state: State, extra: Extra) -> Ends:
        redirects, words, after = list(extra.redirects), list(extra.words), []
        for child in node.children_by_field_name("redirect"):
            state = self.inner(child, state)
            parts = child.children if child.type == "heredoc_redirect" else ()
            for part in (child, *(part for part in parts if part.type == "file_redirect")):
                redirects.append(part)
                words += part.children_by_field_name("destination")[1:]
            words += child.children_by_field_name("argument")
            after += [part for part in parts if part.type == "pipeline"]
        passed = Extra(tuple(redirects), tuple(words))
        body = node.child_by_field_name("body")
        if body is None:
            found = ends(self._commands.redirected(passed.redirects, state))
        else:
            found = self.statement(body, state, passed)
        for each in after:
            found = ends(self.sequence(each.children, found.either).either)
        for child in node.children_by_field_name("redirect"):
            found = self._continued(child, found)
        return found

    def _continued(self, heredoc: "Node", found: Ends) -> Ends:
        """``cat <<END && more``: the rest of the list stands before the text."""
        right = heredoc.child_by_field_name("right")
        operator = heredoc.child_by_field_name("operator")
        if right is None or operator is None:
            return found
        return self._either(found, operator, right, _NONE)

    def _chain(self, node: "Node", state: State, extra: Extra) -> Ends:
        left, *middle, right = (child for child in node.children if child.type != "comment")
        if len(middle) != 1:  # broken, and a mystery already
            return self.sequence(node.children, state)
        return self._either(self.statement(left, state), middle[0], right, extra)

    def _either(self, left: Ends, operator: "Node", right: "Node", extra: Extra) -> Ends:
        done = operator.type == "||"
        start = left.failed if done else left.ok
        if start is None:
            return left
        then = self.statement(right, start, extra)
        if done:
            return Ends(join(left.ok, then.ok), then.failed)
        return Ends(then.ok, join(left.failed, then.failed))

    def _pipeline(self, node: "Node", state: State, extra: Extra) -> Ends:
        parts = [child for child in node.children if child.is_named and child.type != "comment"]
        for part in parts:
            self.statement(part, state, extra if part == parts[-1] else _NONE)
        return ends(state)

    def _negated(self, node: "Node", state: State, extra: Extra) -> Ends:
        found = self.statement(node.children[-1], state, extra)
        return Ends(found.failed, found.ok)

    def _subshell(self, node: "Node", state: State, _: Extra) -> Ends:
        loops, calls, self.loops, self.calls = self.loops, self.calls, 0, 0
        self.sequence(node.children, state)
        self.loops, self.calls = loops, calls
        return ends(state)

    def _compound(self, node: "Node", state: State, extra: Extra) -> Ends:
        if node.children[0].type == "((":
            return self._test(node, state, extra)
        return self.sequence(node.children, state)

    def _choice(self, node: "Node", state: State, _: Extra) -> Ends:
        found: list[Ends] = []
        rest: State | None = state
        clauses = [child for child in node.children if child.type in {"elif_clause", "else_clause"}]
        for clause in (node, *clauses):
            if rest is None:
                break
            head, body = parted(clause.children)
            asked = self.sequence(head, rest) if head else Ends(rest, None)
            if asked.ok is not None:
                found.append(self.sequence(body, asked.ok))
            rest = asked.failed
        return Ends(join(rest, *(each.ok for each in found)), join(*(each.failed for each in found)))

    def _cases(self, node: "Node", state: State, _: Extra) -> Ends:
        state = start = self.inner(node, state)
        after: list[State | None] = [state]
        for item in (child for child in node.children if child.type == "case_item"):
            values = item.children_by_field_name("value")
            found = self.sequence([child for child in item.children if child not in values], start).either
            after.append(found)
            through = any(child.type in {";&", ";;&"} for child in item.children)
            start = join(state, found) or state if through else state
        return ends(join(*after))

    def _loop(self, node: "Node", state: State, _: Extra) -> Ends:
        name = text_of(node.children_by_field_name("variable")[0])
        values = node.children_by_field_name("value")
        for value in values:
            state = self.inner(value, state)
        given = any(child.type == "in" for child in node.children)
        words = self._commands.words(values, state) if given else list(state.arguments)
        body = node.child_by_field_name("body")
        if body is None:  # broken, and a mystery already
            return ends(state)
        if node.children[0].type == "select" or any(word.known is Known.ANY for word in words):
            return self._around(lambda at: self.sequence(body.children, at.unsure_of([name])).either, state)
        return self._each(words, name, body, state)

    def _each(self, words: Sequence[Word], name: str, body: "Node", state: State) -> Ends:
        """A loop over words that are known, one by one."""
        now: State | None = state
        outer = self._enter()
        for word in words:
            if now is not None:
                now = self.sequence(body.children, now.having({name: (word,)})).either
            now = join(now, self._escaped())
        self._leave(outer)
        return ends(now)

    def _repeat(self, node: "Node", state: State, _: Extra) -> Ends:
        body = node.child_by_field_name("body")
        until = node.children[0].type == "until"

        def once(at: State) -> State | None:
            asked = self.sequence(node.children_by_field_name("condition"), at)
            start = asked.failed if until else asked.ok
            found = self.sequence(body.children, start).either if body is not None else start
            return join(found, asked.either)

        return self._around(once, state)

    def _counting(self, node: "Node", state: State, _: Extra) -> Ends:
        body = node.child_by_field_name("body")
        names = assigned(" ".join(text_of(child) for child in node.children if child != body))

        def once(at: State) -> State | None:
            return self.sequence(body.children, at.unsure_of(names)).either if body is not None else at

        return self._around(once, self.inner(node, state.unsure_of(names)))

    def _around(self, once: Callable[[State], State | None], state: State) -> Ends:
        """A loop that may run any number of times: go round until nothing new comes."""
        outer = self._enter()
        for turn in range(_ROUNDS):
            found = join(state, once(state), self._escaped()) or state
            if turn >= _STEADY:
                found = replace(found, folders=frozenset())
            if found == state:
                break
            state = found
        self._leave(outer)
        return ends(state)

    def _enter(self) -> list[State]:
        """Begin a loop; gives what has escaped outside of it."""
        self.loops += 1
        outer, self.escapes = self.escapes, []
        return outer

    def _escaped(self) -> State | None:
        """Where ``break``, ``continue`` and ``return`` have jumped from."""
        found = join(*self.escapes)
        self.escapes = [found] if found else []
        return found

    def _leave(self, outer: list[State]) -> None:
        """End a loop; what has left it may have left those around it too."""
        self.loops -= 1
        self.escapes = [*outer, *self.escapes]

    def _function(self, node: "Node", state: State, _: Extra) -> Ends:
        name = node.child_by_field_name("name")
        self.bodies.append(node)
        known = {**state.functions, text_of(name) if name else "": frozenset((len(self.bodies) - 1,))}
        return ends(replace(state, functions=known))

    _STATEMENTS: ClassVar[Mapping[str, Callable[["Walk", "Node", State, Extra], Ends]]] = {
        "c_style_for_statement": _counting,
        "case_statement": _cases,
        "command": _command,
        "compound_statement": _compound,
        "declaration_command": _declaration,
        "for_statement": _loop,
        "function_definition": _function,
        "if_statement": _choice,
        "list": _chain,
        "negated_command": _negated,
        "pipeline": _pipeline,
        "redirected_statement": _redirected,
        "subshell": _subshell,
        "test_command": _test,
        "unset_command": _declaration,
        "variable_assignment": _assignment,
        "variable_assignments": _assignment,
        "while_statement": _repeat,
    }
