"""Whether memory ran out. No torch here: the trainer asks, too, when it says why a run has ended."""

from __future__ import annotations

_OUT_OF_MEMORY = ("out of memory", "not enough memory", "can't allocate memory", "insufficient memory", "alloc_failed")


def is_out_of_memory(error: Exception) -> bool:
    """Return whether memory ran out, on the processor or the graphics card; torch says so in several ways."""
    if isinstance(error, MemoryError) or type(error).__name__ == "OutOfMemoryError":
        return True
    return isinstance(error, RuntimeError) and any(words in str(error).lower() for words in _OUT_OF_MEMORY)
