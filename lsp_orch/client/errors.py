"""What a client raises when it can't do its part."""


class ClientError(Exception):
    """``code`` is a word of ``domain/errors.py``; the text says what happened, ``hint`` what to do now."""

    def __init__(self, code: str, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.code = code
        self.hint = hint
