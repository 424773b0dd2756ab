"""Every folder with code opens with a README.md of about five lines. Exits 1 and names those that do not."""

import sys
from pathlib import Path

ROOT = Path(__file__).parent.parent
LINES_MIN, LINES_MAX = 3, 12
SKIP = {"__pycache__", "static", "templates", "golden"}


def code_folders() -> list[Path]:
    found = {
        path.parent
        for top in ("edge_agent", "hub_server", "firmware_config", "models", "scripts", "tests")
        for path in (ROOT / top).rglob("*")
        if path.is_file() and path.suffix in {".py", ".tflite", ""}
    }
    return sorted(folder for folder in found if not SKIP & set(folder.relative_to(ROOT).parts))


def main() -> int:
    wrong = 0
    for folder in code_folders():
        readme = folder / "README.md"
        lines = [line for line in readme.read_text().splitlines() if line.strip()] if readme.exists() else []
        nested = "tests" in folder.relative_to(ROOT).parts and len(folder.relative_to(ROOT).parts) > 2
        if not nested and not LINES_MIN <= len(lines) <= LINES_MAX:
            print(f"{folder.relative_to(ROOT)}: README.md has {len(lines)} lines; about five tell what may live here")
            wrong += 1
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
