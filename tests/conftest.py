import os

from hypothesis import settings

# The tests' networks are tiny: a second thread costs more than it gives, and more so beside a window's own.
# Set before anything imports torch, and handed on to the trainers that tests start.
os.environ.setdefault("OMP_NUM_THREADS", "1")

# The suite gives the same answer each time; HYPOTHESIS_PROFILE=search looks for cases that nobody has seen yet.
settings.register_profile("repeatable", derandomize=True)
settings.register_profile("search")
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "repeatable"))
