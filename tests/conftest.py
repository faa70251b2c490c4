import os

# The tests' networks are tiny: a second thread costs more than it gives, and more so beside a window's own.
# Set before anything imports torch, and handed on to the trainers that tests start.
os.environ.setdefault("OMP_NUM_THREADS", "1")
