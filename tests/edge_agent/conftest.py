"""Makes `model/` importable: what several folders here speak to."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent / "model"))
