"""What went wrong, as the error object that an editor is answered."""

from typing import Any

from pygls.exceptions import JsonRpcException

from lsp_orch.domain.errors import Code, OrchError, Refusal

_REQUEST_FAILED = -32803
_NUMBERS = {Code.BAD_REQUEST: -32602, Code.INTERNAL: -32603, Code.UNKNOWN_METHOD: -32601}
_WORDS = {-32601: Code.UNKNOWN_METHOD, -32603: Code.INTERNAL}


def fault(error: Exception | Refusal) -> dict[str, Any]:
    """``{"code", "message", "data": {"code", "hint"}}``: a number for LSP, a stable word for scripts.

    Never a traceback, and of an unexpected exception not even its text: that belongs in our log.
    """
    match error:
        case Refusal() as refusal:
            number = _NUMBERS.get(refusal.code, _REQUEST_FAILED)
            return _fault(number, refusal.message, refusal.code, refusal.hint)
        case OrchError(refusal=refusal):
            return fault(refusal)
        case JsonRpcException():
            return _fault(error.code, error.message, _WORDS.get(error.code, Code.BAD_REQUEST))
        case _:
            return _fault(
                _NUMBERS[Code.INTERNAL],
                "lsp-orch failed to do this: a bug",
                Code.INTERNAL,
                "`lsp-orch daemon logs` says why",
            )


def expected(error: Exception) -> bool:
    """Whether the error explains itself; any other is a bug and worth a traceback in the log."""
    return isinstance(error, OrchError | JsonRpcException)


def _fault(number: int, message: str, word: Code, hint: str = "") -> dict[str, Any]:
    return {"code": number, "message": message, "data": {"code": word.value, "hint": hint}}
