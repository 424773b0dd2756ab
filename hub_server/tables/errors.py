"""What is wrong with a table, in Chinese and in English."""

Words = tuple[str, str]
"""The same in Chinese and in English."""


class TableError(Exception):
    """The file as a whole is not taken. `zh` and `en` say why, and what to do about it."""

    def __init__(self, zh: str, en: str) -> None:
        self.zh = zh
        self.en = en
        super().__init__(f"{zh}；{en}")


class WrongCellError(Exception):
    """A cell does not say what its column needs. `words`: why, in both languages."""

    def __init__(self, zh: str, en: str) -> None:
        self.words: Words = (zh, en)
        super().__init__(f"{zh}；{en}")
