"""argparse with manners: complaints of one sentence, headings in the reader's language."""

import argparse
import re
from typing import Any, Final, NoReturn

from firmware_config.provision.errors import UsageError
from firmware_config.provision.words import said

_HEADINGS: Final = {
    "usage: ": "用法：",
    "positional arguments:": "要给出的：",
    "options:": "选项：",
    "show this help message and exit": "显示这份帮助",
}
_COMPLAINTS: Final = (
    (r"the following arguments are required: (.*)", r"还缺：\1"),
    (r"unrecognized arguments: (.*)", r"不认识：\1"),
    (r"argument (.*): expected one argument", r"\1 后面要有一个值"),
    (r"argument (.*): invalid choice: (.*) \(choose from (.*)\)", r"\1 不能是 \2；可以是 \3"),
    (r"argument (.*): not allowed with argument (.*)", r"\1 不能和 \2 一起用"),
    (r"argument (.*): invalid \S+ value: (.*)", r"\1 的值 \2 看不懂"),
    (r"one of the arguments (.*) is required", r"\1 要给出一个"),
)


class Parser(argparse.ArgumentParser):
    """Raises UsageError instead of leaving the process."""

    def __init__(self, **options: Any) -> None:
        options.setdefault("formatter_class", argparse.RawDescriptionHelpFormatter)
        options.setdefault("allow_abbrev", False)  # --ye must not mean --yes
        super().__init__(**options)

    def format_help(self) -> str:
        return _headed(super().format_help())

    def error(self, message: str) -> NoReturn:
        hint = f"{self.prog} --help"
        raise UsageError(f"{_chinese(message)}（用法见 {hint}）", f"{message} (see {hint})")


def _headed(text: str) -> str:
    for english, chinese in _HEADINGS.items():
        text = text.replace(english, said(chinese, english))
    return text


def _chinese(message: str) -> str:
    for pattern, words in _COMPLAINTS:
        if (found := re.fullmatch(pattern, message)) is not None:
            return found.expand(words)
    return message
