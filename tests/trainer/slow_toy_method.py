"""A method whose libraries take their time to load."""

import os
import time

from toy_methods import train  # noqa: F401

time.sleep(float(os.environ.get("SLOW_IMPORT", "600")))
