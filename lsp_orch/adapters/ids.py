"""Ids from the operating system's randomness."""

import secrets

_ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz"
_LENGTH = 12


class RandomIds:
    """Sixty random bits, written so that people can read them aloud."""

    def new(self, kind: str) -> str:
        """Make an id nobody has, such as ``lease-8k2m0c4v9xqa``."""
        return f"{kind}-{''.join(secrets.choice(_ALPHABET) for _ in range(_LENGTH))}"
