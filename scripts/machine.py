"""On which machine a figure was printed."""

import os
import platform
import re
from pathlib import Path


def machine() -> str:
    """Processor, cores, Python."""
    found = re.search(r"model name\s*:\s*(.+)", Path("/proc/cpuinfo").read_text())
    model = found[1].strip() if found else platform.machine()
    return f"{model}, {os.cpu_count()} cores, Python {platform.python_version()}"
