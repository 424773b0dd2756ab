"""What is found wrong with a site: a sentence in Chinese and in English, and what mends it."""

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True, slots=True)
class Finding:
    """`serious`: the site does not work, or not for long, or a secret lies open. Else: somebody should know."""

    code: str  # a stable word for programs
    about: str  # a file, a host
    zh: str
    en: str
    serious: bool = True


def unsaid(code: str, about: str, text: str) -> Finding:
    """In the words of a program, which has but one language."""
    return Finding(code=code, about=about, zh=text, en=text)
