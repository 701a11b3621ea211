"""The only module that reads the clock."""

import time

# Linux has one of its own; that of macOS goes on in sleep, other than the one behind `time.monotonic`
_SLEEPLESS: int | None = getattr(time, "CLOCK_BOOTTIME", getattr(time, "CLOCK_MONOTONIC", None))


class SystemClock:
    """The machine's own clock."""

    def now(self) -> float:
        """Seconds since the epoch (UTC)."""
        return time.time()

    def steady(self) -> float:
        """Seconds of a clock that nobody sets and that goes on while the machine sleeps."""
        return time.monotonic() if _SLEEPLESS is None else time.clock_gettime(_SLEEPLESS)

    def awake(self) -> float:
        """The same, without the time that the machine slept; on Windows that cannot be told apart."""
        return time.monotonic()
