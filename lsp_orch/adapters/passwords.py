"""Passwords of databases, out of the system's keyring."""

import queue
import threading

from lsp_orch.domain.errors import Code, Unavailable
from lsp_orch.domain.store_url import SERVICE

_UNLOCK_S = 20.0  # a keyring may ask a person first, who may not be there


def kept(account: str) -> str:
    """The password that is kept for ``user@host:port/database``; empty when there is none.

    Raises:
        Unavailable: keyring-unavailable.
    """
    answers: queue.SimpleQueue[str | Exception] = queue.SimpleQueue()
    threading.Thread(target=_ask, args=(account, answers), name="keyring", daemon=True).start()
    try:
        answer = answers.get(timeout=_UNLOCK_S)
    except queue.Empty:
        answer = TimeoutError(f"it has not answered for {_UNLOCK_S:.0f} s")
    if isinstance(answer, Exception):
        raise Unavailable(
            Code.KEYRING_UNAVAILABLE,
            f"the keyring of this machine does not help: {str(answer).splitlines()[0]}",
            "unlock it; or write the password into PGPASSFILE (~/.pgpass), or let the server trust the user",
        ) from answer
    return answer


def _ask(account: str, answers: "queue.SimpleQueue[str | Exception]") -> None:
    import keyring  # noqa: PLC0415 - it takes a tenth of a second, and most stores need no password

    try:
        answers.put(keyring.get_password(SERVICE, account) or "")
    except Exception as error:  # noqa: BLE001 - each backend has errors of its own
        answers.put(error)
