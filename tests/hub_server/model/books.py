"""Workbooks for the tests, honest ones and others."""

import io
import zipfile
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import openpyxl


def book(*rows: Sequence[object], change: Callable[[Any], None] | None = None) -> bytes:
    """XLSX with one sheet of these rows; `change` is given the workbook before it is saved."""
    made = openpyxl.Workbook()
    for row in rows:
        made.active.append(list(row))
    if change is not None:
        change(made)
    file = io.BytesIO()
    made.save(file)
    return file.getvalue()


def repacked(data: bytes, parts: Mapping[str, bytes | Callable[[bytes], bytes]], *, packed: int = 8) -> bytes:
    """The same with some parts other than they were, or added."""
    file = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as old, zipfile.ZipFile(file, "w", packed) as new:
        for name in old.namelist():
            part = parts.get(name, old.read(name))
            new.writestr(name, part if isinstance(part, bytes) else part(old.read(name)))
        for name in parts.keys() - set(old.namelist()):
            part = parts[name]
            assert isinstance(part, bytes)
            new.writestr(name, part)
    return file.getvalue()
