"""A workbook's outside: it is a ZIP archive, and must be one whole and honest one before anybody looks inside."""

import io
import zipfile
from typing import Final

from hub_server.tables import limits
from hub_server.tables.errors import TableError

_LOCAL: Final = b"PK\x03\x04"
_END: Final = b"PK\x05\x06"
_END_BYTES: Final = 22
_ENCRYPTED: Final = 0x1
_LARGE_PARTS: Final = ("xl/worksheets/", "xl/sharedStrings.xml")
_METHODS: Final = {zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED}


def opened(data: bytes) -> zipfile.ZipFile:
    """The archive, with every part within limits. Raises TableError.

    zipfile never unpacks more of a part than its directory says, so the sizes there are what can come out.
    """
    _demand_whole(data)
    try:
        archive = zipfile.ZipFile(io.BytesIO(data))
        parts = archive.infolist()
    except (zipfile.BadZipFile, NotImplementedError, UnicodeDecodeError, ValueError) as error:
        raise _damaged() from error
    _demand_parts(parts)
    _demand_sizes(parts)
    _demand_workbook(archive)
    return archive


def _demand_whole(data: bytes) -> None:
    """Nothing before, nothing behind: a file that is two things at once is refused."""
    if not data.startswith(_LOCAL) or data[-_END_BYTES : -_END_BYTES + 4] != _END:
        raise TableError(
            "文件前后带有别的内容，或没有传完整；请在 Excel 里另存为 .xlsx 再试",
            "there is something before or behind the workbook, or it is cut off: save it again as .xlsx",
        )


def _demand_parts(parts: list[zipfile.ZipInfo]) -> None:
    if len(parts) > limits.PARTS_MAX:
        raise TableError(
            f"文件里的部件超过 {limits.PARTS_MAX} 个", f"the workbook has more than {limits.PARTS_MAX} parts"
        )
    names = [part.filename.lower() for part in parts]
    if len(set(names)) < len(names) or any(part.header_offset < 0 for part in parts):
        raise _damaged()
    if min((part.header_offset for part in parts), default=1) != 0:
        raise _damaged()
    if any(part.flag_bits & _ENCRYPTED for part in parts):
        raise protected()
    if any(part.compress_type not in _METHODS for part in parts):
        raise _damaged()
    if any(name.endswith(("vbaproject.bin", ".xlm")) or name.startswith("xl/macrosheets/") for name in names):
        raise TableError(
            "文件里有宏，不能导入；请另存为不带宏的 .xlsx", "the workbook has macros: save it as .xlsx without them"
        )


def _demand_sizes(parts: list[zipfile.ZipInfo]) -> None:
    unpacked = sum(part.file_size for part in parts)
    packed = sum(part.compress_size for part in parts)
    huge = any(part.file_size > limits.PART_BYTES_MAX and not part.filename.startswith(_LARGE_PARTS) for part in parts)
    bloated = unpacked > limits.RATIO_FREE_BYTES and unpacked > packed * limits.UNPACKED_RATIO_MAX
    if huge or bloated or unpacked > limits.UNPACKED_BYTES_MAX:
        raise TableError(
            f"文件解开后太大（上限 {limits.UNPACKED_BYTES_MAX // 2**20} MB）；请只留需要的行和列，分几次导入",
            f"unpacked it is too large (at most {limits.UNPACKED_BYTES_MAX // 2**20} MB): keep what is needed",
        )


def _demand_workbook(archive: zipfile.ZipFile) -> None:
    names = set(archive.namelist())
    if "[Content_Types].xml" not in names:
        raise TableError("这不是 Excel 工作簿；请用 .xlsx 或 .csv", "this is no Excel workbook: bring .xlsx or .csv")
    try:
        types = archive.read("[Content_Types].xml")
    except (zipfile.BadZipFile, EOFError, ValueError, OSError) as error:
        raise _damaged() from error
    if b"macroEnabled" in types:
        raise TableError(
            "带宏的文件（.xlsm）不能导入；请另存为 .xlsx", "a workbook with macros (.xlsm): save it as .xlsx"
        )
    if b"spreadsheetml.sheet.main+xml" not in types:
        raise TableError("这不是 Excel 工作簿；请用 .xlsx 或 .csv", "this is no Excel workbook: bring .xlsx or .csv")


def protected() -> TableError:
    return TableError("文件有密码；请去掉密码另存后再导入", "the file has a password: save it without one")


def _damaged() -> TableError:
    return TableError(
        "文件已损坏，打不开；请在 Excel 里另存为 .xlsx 再试", "the file is damaged: save it again as .xlsx"
    )
