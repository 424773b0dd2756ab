"""Values as the languages of configuration files write them: nothing in a value is more than a value there."""

import json
import shlex
from collections.abc import Mapping, Sequence

Tree = str | int | bool | Sequence["Tree"] | Mapping[str, "Tree"]
"""What a configuration is made of."""


def toml(value: str | float | bool) -> str:  # noqa: FBT001 - TOML has booleans
    """A value of TOML 1.0: its basic strings escape as JSON's do, but for DEL, which no checked text holds."""
    return json.dumps(value, ensure_ascii=False)


def shell(values: Mapping[str, str]) -> str:
    """Assignments for a POSIX shell, one a line."""
    return "".join(f"{name}={shlex.quote(value)}\n" for name, value in values.items())


def yaml(tree: Mapping[str, Tree]) -> str:
    """A block mapping of YAML 1.2. Every text is in double quotes, which escape as JSON's do."""
    return "\n".join(_mapping(tree, 0)) + "\n"


def _mapping(tree: Mapping[str, Tree], depth: int) -> list[str]:
    lines: list[str] = []
    for key, value in tree.items():
        name = "  " * depth + (key if key.replace("_", "").replace("-", "").isalnum() and key.isascii() else toml(key))
        if isinstance(value, Mapping) and value:
            lines += [f"{name}:", *_mapping(value, depth + 1)]
        elif isinstance(value, Sequence) and not isinstance(value, str) and value:
            lines += [f"{name}:", *_sequence(value, depth + 1)]
        else:
            lines.append(f"{name}: {_scalar(value)}")
    return lines


def _sequence(items: Sequence[Tree], depth: int) -> list[str]:
    lines: list[str] = []
    for item in items:
        if isinstance(item, Mapping) and item:
            first, *rest = _mapping(item, depth + 1)
            lines += ["  " * depth + "- " + first.lstrip(), *rest]
        else:
            lines.append("  " * depth + f"- {_scalar(item)}")
    return lines


def _scalar(value: Tree) -> str:
    """Also a flow sequence of scalars, and what is empty."""
    if isinstance(value, str | bool | int):
        return toml(value)
    if isinstance(value, Mapping):
        return "{}"
    return "[" + ", ".join(_scalar(item) for item in value) + "]"
