"""Ids from the operating system's randomness."""

import secrets

_ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz"
_LENGTH = 12
_BITS = 5  # of each character
_SHIFTS = range(0, _BITS * _LENGTH, _BITS)


class RandomIds:
    """Sixty random bits, written so that people can read them aloud."""

    def new(self, kind: str) -> str:
        """Make an id nobody has, such as ``lease-8k2m0c4v9xqa``."""
        number = secrets.randbits(_BITS * _LENGTH)
        return f"{kind}-{''.join(_ALPHABET[number >> shift & 31] for shift in _SHIFTS)}"
