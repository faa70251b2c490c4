"""Whether other programs disturb a measurement."""

from __future__ import annotations

import time

import psutil

DISPLAY_SERVERS = ("Xvfb", "Xorg", "Xwayland")  # they draw what is measured, and so belong to it


class OtherLoad:
    """Watches how much of the processor programs take that do not belong to this one.

    Its own are this process, all that descend from it, and the display server.
    """

    def __init__(self) -> None:
        self._own, self._busy, self._time = _own_seconds(), _busy_seconds(), time.perf_counter()

    def share(self) -> float:
        """Return the share of all cores that others took since this object was made, 0..1."""
        own = sum(max(0.0, now - self._own.get(pid, 0.0)) for pid, now in _own_seconds().items())
        elapsed = (time.perf_counter() - self._time) * psutil.cpu_count()
        return max(0.0, _busy_seconds() - self._busy - own) / elapsed


def _busy_seconds() -> float:
    times = psutil.cpu_times()
    return sum(times) - times.idle - getattr(times, "iowait", 0) - getattr(times, "guest", 0)


def _own_seconds() -> dict[int, float]:
    this = psutil.Process()
    servers = [process for process in psutil.process_iter(["name"]) if process.info["name"] in DISPLAY_SERVERS]
    found = {}
    for process in [this, *this.children(recursive=True), *servers]:
        try:
            times = process.cpu_times()
        except psutil.NoSuchProcess:
            continue
        found[process.pid] = times.user + times.system
    return found
