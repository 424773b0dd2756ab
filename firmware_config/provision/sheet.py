"""A sheet of devices: the hub reads and checks it whole; every mistake is told by its row, and nothing half is done."""

import csv
import io
from pathlib import Path
from typing import Any, Final

from firmware_config.provision.client import at
from firmware_config.provision.errors import ProvisionError, UsageError
from firmware_config.provision.frame import Context
from firmware_config.provision.words import said

FILE_BYTES_MAX: Final = 10 * 1024 * 1024  # what the hub takes
_MISTAKES_SAID: Final = 200


class WrongSheetError(ProvisionError):
    """`mistakes`: all that the hub keeps, by row."""

    def __init__(self, wrong: int, mistakes: list[dict[str, Any]]) -> None:
        self.mistakes = mistakes
        super().__init__(
            f"{wrong} 行有错，没有导入任何一行；请在文件里改好，再做一次",
            f"{wrong} rows are wrong, so nothing was taken over: mend them in the file and do it again",
            code="wrong_sheet",
        )

    def shown(self) -> dict[str, object]:
        return {**super().shown(), "mistakes": self.mistakes}


def add_sheet(path: Path, context: Context) -> int:
    """Raises WrongSheetError, and what the hub refuses."""
    content = _read(path)
    with context.progress("正在检查表格…", "checking the sheet…"):
        preview = context.hub.upload(at("imports"), content, {"kind": "devices", "name": path.name[-200:]})
    number, counts = str(preview["id"]), preview["counts"]
    applied = False
    try:
        _tell(preview, context)
        if counts["wrong"]:
            mistakes = _mistakes(number, preview, context)
            _tell_mistakes(mistakes, context)
            raise WrongSheetError(counts["wrong"], mistakes)
        if counts["update"]:
            context.confirm(
                f"{counts['update']} 台已有的设备会按表里的改。", f"{counts['update']} devices that are there change."
            )
        if not context.dry_run and (counts["new"] or counts["update"]):
            with context.progress("正在导入…", "taking it over…"):
                context.hub.post(at("imports", number, "apply"))
            applied = True
    finally:
        if not applied:
            context.hub.delete(at("imports", number))
    return _finish(path, preview, context, applied=applied)


def _finish(path: Path, preview: dict[str, Any], context: Context, *, applied: bool) -> int:
    counts = preview["counts"]
    if applied:
        context.say(f"已导入：新建 {counts['new']} 台，更新 {counts['update']} 台",
                    f"taken over: {counts['new']} new, {counts['update']} changed")  # fmt: skip
    elif not context.dry_run:
        context.say("表里的设备都已经是这样，什么也没有改动", "all of them are like that already: nothing was changed")
    write = "provision device write NAME --boot /media/$USER/bootfs"
    return context.finish(
        {"sheet": path.name, "applied": applied, **{name: counts[name] for name in ("new", "update", "unchanged")}},
        then=(f"一台一台写卡：{write}", f"write their cards: {write}"),
    )


def _read(path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            content = file.read(FILE_BYTES_MAX + 1)
    except OSError as error:
        raise UsageError(f"读不了 {path}：{error.strerror}", f"{path} cannot be read: {error.strerror}") from error
    if len(content) > FILE_BYTES_MAX:
        raise UsageError(f"{path} 超过 10 MB", f"{path} has more than 10 MB")
    return content


def _tell(preview: dict[str, Any], context: Context) -> None:
    counts = preview["counts"]
    context.say(
        f"表里：新建 {counts['new']} 台，更新 {counts['update']} 台，不变 {counts['unchanged']} 台，"
        f"有错 {counts['wrong']} 行",
        f"the sheet: {counts['new']} new, {counts['update']} changed, {counts['unchanged']} as they are,"
        f" {counts['wrong']} rows wrong",
    )
    if counts["new_areas"]:
        context.say(
            f"会新建片区（请看看有没有写错）：{'、'.join(counts['new_areas'])}",
            f"new areas (are they spelt right?): {', '.join(counts['new_areas'])}",
        )
    if preview["unknown"]:
        context.say(
            f"没有读的列：{'、'.join(preview['unknown'])}", f"columns not read: {', '.join(preview['unknown'])}"
        )
    for note in preview["notes"]:
        context.say(note["zh"], note["en"])
    for row in preview["rows"]:
        if row["hint"] is not None:
            context.say(
                f"第 {row['row']} 行 {row['label']}：{row['hint']['zh']}",
                f"row {row['row']} {row['label']}: {row['hint']['en']}",
            )


def _mistakes(number: str, preview: dict[str, Any], context: Context) -> list[dict[str, Any]]:
    """Of the preview, or, when it shows not all, of the hub's table of them."""
    told = preview["mistakes"]
    if preview["counts"]["mistakes"] <= len(told):
        return [_mistake(one["row"], one["column"], one["zh"], one["en"]) for one in told]
    columns = {column["zh"]: column for column in preview["columns"]}
    table = csv.reader(io.StringIO(context.hub.download(at("imports", number, "mistakes")).decode("utf-8-sig")))
    next(table)  # the headings
    return [_mistake(int(row), columns.get(heading), zh, en) for row, heading, zh, en in table]


def _mistake(row: int, column: dict[str, Any] | None, zh: str, en: str) -> dict[str, Any]:
    """`column`: a name that stays; `heading`: as the reader calls it, "" for the row as a whole."""
    heading = "" if column is None else said(column["zh"], column["en"])
    return {"row": row, "column": column and column["name"], "heading": heading, "zh": zh, "en": en}


def _tell_mistakes(mistakes: list[dict[str, Any]], context: Context) -> None:
    for one in mistakes[:_MISTAKES_SAID]:
        heading = f"“{one['heading']}”" if one["heading"] else ""
        context.say(
            f"  第 {one['row']} 行{heading}：{one['zh']}",
            f"  row {one['row']}{', ' + one['heading'] if one['heading'] else ''}: {one['en']}",
        )
    if len(mistakes) > _MISTAKES_SAID:
        rest = len(mistakes) - _MISTAKES_SAID
        context.say(f"  ……还有 {rest} 处（--json 给出全部）", f"  … and {rest} more (--json tells all)")
