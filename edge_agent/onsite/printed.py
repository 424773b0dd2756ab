"""A pass sheet for people: HTML to print and sign, and plain text. Chinese first, English beside. Pure."""

import base64
from collections.abc import Iterator
from datetime import UTC, datetime, tzinfo
from html import escape
from typing import Final

from edge_agent.wire.check_words import called
from edge_agent.wire.messages import Outcome, PassSheet, SheetFinding

_OUTCOMES: Final = {
    Outcome.OK: ("合格", "ok"),
    Outcome.FAIL: ("不合格", "FAIL"),
    Outcome.SKIPPED: ("没有查", "skipped"),
}
_STYLE: Final = """
body { font: 15px/1.5 "Noto Sans CJK SC", "Microsoft YaHei", "PingFang SC", sans-serif; color: #1b1b1b;
  background: #fff; max-width: 52rem; margin: 1.5rem auto; padding: 0 1rem; }
h1 { font-size: 1.5rem; margin: 0 0 .25rem; }
small, .en { color: #555; font-size: .85em; }
table { border-collapse: collapse; width: 100%; margin: 1rem 0; }
th, td { border-bottom: 1px solid #ccc; padding: .35rem .5rem; text-align: left; vertical-align: top; }
thead th { border-bottom: 2px solid #1b1b1b; }
.ok { color: #12602f; } .fail { color: #a11212; font-weight: 700; } .skipped { color: #555; }
.verdict { font-size: 1.2rem; border: 2px solid; display: inline-block; padding: .15rem .75rem; border-radius: 6px; }
.advice { margin: .15rem 0 0; }
figure { margin: 0; } img { max-width: 100%; height: auto; border: 1px solid #ccc; }
.signature { margin-top: 2.5rem; }
@media print { body { margin: 0; font-size: 10pt; } th, td { padding: .15rem .4rem; } img { max-width: 12cm; } }
"""


def as_text(sheet: PassSheet, *, site: str, device: str, zone: tzinfo | None = None) -> str:
    """`zone`: of the hours that are shown; None: UTC."""
    return "\n".join(_lines(sheet, site, device, zone)) + "\n"


def as_html(sheet: PassSheet, *, site: str, device: str, zone: tzinfo | None = None) -> str:
    """One file that needs no other: style and picture are in it."""
    zh, en = _verdict(sheet)
    rows = "\n".join(_row(finding) for finding in sheet.findings)
    facts = " · ".join(escape(f"{name} {value}") for name, value in _facts(sheet, site, device, zone))
    return f"""<!doctype html>
<html lang="zh"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>{escape(device)} 现场验收单 Pass sheet</title><style>{_STYLE}</style></head><body>
<h1>现场验收单 <small>Pass sheet</small></h1>
<p>{facts}</p>
<p class="verdict {"ok" if sheet.passed else "fail"}">{zh} <span class="en">{en}</span></p>
<table><thead><tr><th>检查 <small>Check</small></th><th>结果 <small>Result</small></th>
<th>看到的 <small>Found</small></th></tr></thead><tbody>
{rows}
</tbody></table>
{_figure(sheet)}<p class="signature">验收人签字 <small>Signature</small> ____________________
日期 <small>Date</small> ____________</p>
</body></html>
"""


def _row(finding: SheetFinding) -> str:
    name, name_en = called(finding.check)
    zh, en = _OUTCOMES[finding.outcome]
    advice = f'<p class="advice">→ {_both(finding.advice_zh, finding.advice)}</p>' if finding.advice else ""
    return (
        f'<tr><th scope="row">{escape(name)} <small>{escape(name_en)}</small></th>'
        f'<td class="{finding.outcome.value}">{zh} <small>{en}</small></td>'
        f"<td>{_both(finding.found_zh, finding.found)}{advice}</td></tr>"
    )


def _both(zh: str, en: str) -> str:
    return f'{escape(zh)}<br><span class="en">{escape(en)}</span>' if zh else escape(en)


def _figure(sheet: PassSheet) -> str:
    if sheet.picture is None:
        return ""
    data = base64.b64encode(sheet.picture).decode()
    return (
        f'<figure><img src="data:image/jpeg;base64,{data}" alt="画面 what the camera sees">'
        "<figcaption>人脸和车牌在设备上就已模糊 <small>faces and plates were made coarse on the device</small>"
        "</figcaption></figure>\n"
    )


def _lines(sheet: PassSheet, site: str, device: str, zone: tzinfo | None) -> Iterator[str]:
    zh, en = _verdict(sheet)
    yield "现场验收单 Pass sheet"
    for name, value in _facts(sheet, site, device, zone):
        yield f"{name}: {value}"
    yield f"{zh} {en}"
    yield ""
    for finding in sheet.findings:
        (name, name_en), (outcome, outcome_en) = called(finding.check), _OUTCOMES[finding.outcome]
        yield f"[{outcome} {outcome_en}] {name} {name_en}"
        yield from (f"    {text}" for text in (finding.found_zh, finding.found) if text)
        yield from (f"    -> {text}" for text in (finding.advice_zh, finding.advice) if text)


def _facts(sheet: PassSheet, site: str, device: str, zone: tzinfo | None) -> Iterator[tuple[str, str]]:
    at = datetime.fromtimestamp(sheet.at.wall_us / 1e6, UTC).astimezone(zone or UTC)
    unsure = "" if sheet.at.synced else " (时钟未校准 clock not synchronised)"
    yield "站点 Site", site
    yield "设备 Device", device
    yield "摄像头 Camera", sheet.camera
    yield "时间 When", f"{at:%Y-%m-%d %H:%M %Z}{unsure}"
    if sheet.by:
        yield "验收人 By", sheet.by


def _verdict(sheet: PassSheet) -> tuple[str, str]:
    return ("验收合格", "passed") if sheet.passed else ("有项目不合格", "not passed")
