"""A file that somebody brought becomes a table, or one sentence that says why it does not."""

from hub_server.tables import archive, limits, separated
from hub_server.tables.errors import TableError
from hub_server.tables.table import Table

_OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_ENCRYPTED_OLE = "EncryptedPackage".encode("utf-16-le")
_ZIP = b"PK"
_OTHERS = (
    ((b"%pdf",), ("这是 PDF", "this is a PDF")),
    ((b"<!doctype html", b"<html", b"<table", b"<meta"), ("这是网页（有的系统把它叫作 .xls）", "this is a web page")),
    ((b"<?xml", b"<workbook"), ("这是 XML", "this is XML")),
    ((b"{\\rtf",), ("这是 Word 文稿", "this is a Word document")),
    ((b"\x89png", b"\xff\xd8\xff", b"gif8"), ("这是图片", "this is a picture")),
    ((b"\x1f\x8b", b"rar!", b"7z\xbc\xaf"), ("这是压缩包", "this is an archive")),
    ((b"\x7felf", b"mz\x90"), ("这是程序", "this is a program")),
)
_HEAD_BYTES = 64


def read(data: bytes) -> Table:
    """What it is, its bytes say, whatever it is called. Raises TableError."""
    if len(data) > limits.FILE_BYTES_MAX:
        raise TableError(
            f"文件超过 {limits.FILE_BYTES_MAX // 2**20} MB；请分几次导入",
            f"the file is over {limits.FILE_BYTES_MAX // 2**20} MB: bring it in parts",
        )
    if not data.strip():
        raise TableError("文件是空的", "the file is empty")
    if data.startswith(_OLE):
        raise _old(data)
    if data.startswith(_ZIP):
        from hub_server.tables import workbook  # noqa: PLC0415 openpyxl takes 20 MB, when it is first needed

        return workbook.read(archive.opened(data))
    _demand_text(data)
    return separated.read(data)


def _old(data: bytes) -> TableError:
    if _ENCRYPTED_OLE in data:
        return archive.protected()
    return TableError(
        "这是旧的 .xls 文件；请在 Excel 里另存为 .xlsx", "this is an old .xls file: save it as .xlsx in Excel"
    )


def _demand_text(data: bytes) -> None:
    head = data[:_HEAD_BYTES].removeprefix(b"\xef\xbb\xbf").lstrip().lower()
    for beginnings, (zh, en) in _OTHERS:
        if head.startswith(beginnings):
            raise TableError(f"{zh}，不是表格；请用 .xlsx 或 .csv", f"{en}, not a table: bring .xlsx or .csv")
