import pytest

from edge_agent.wire.plate import CHARACTERS, LETTERS, PROVINCES, PlateKind, kinds_of


def test_there_are_31_provinces_and_no_letters_i_and_o() -> None:
    assert len(set(PROVINCES)) == len(PROVINCES) == 31
    assert len(LETTERS) == 24
    assert not set("IO") & set(LETTERS)
    assert len(set(CHARACTERS)) == len(CHARACTERS) == 72


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("皖A8K3F7", PlateKind.BLUE),
        ("粤BD12345", PlateKind.GREEN),
        ("粤BDA2345", PlateKind.GREEN),
        ("苏E12345F", PlateKind.GREEN_LARGE),
        ("鲁C5678学", PlateKind.YELLOW),
        ("豫D1234挂", PlateKind.YELLOW_DOUBLE),
        ("京A1234警", PlateKind.WHITE),
        ("粤Z8F21港", PlateKind.BLACK),
        ("沪A0023领", PlateKind.BLACK),
        ("使014578", PlateKind.BLACK),
    ],
)
def test_each_kind_takes_its_texts(text: str, kind: PlateKind) -> None:
    assert kind in kinds_of(text)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "皖A",
        "皖A1234",
        "皖A123456789",
        "A皖12345",
        "皖112345",
        "皖AO2345",
        "皖AI2345",
        "皖A12345\n",
        "皖a12345",
        "使A14578",
        "皖A警2345",
    ],
)
def test_what_is_no_plate_stands_on_none(text: str) -> None:
    assert kinds_of(text) == ()
