"""picamera2's own source, read from its wheel (it cannot be imported without libcamera), and what our adapter uses."""

import ast
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self


@dataclass(frozen=True, kw_only=True)
class Use:
    """One call of the adapter on the driver, or on its camera."""

    name: str
    positional: int
    keywords: dict[str, ast.expr]


def uses(adapter: str) -> list[Use]:
    """Every call in the adapter's source on what `_driver()` gave: `camera.x(...)`, `self._driver().X(...)`."""
    found = []
    for node in ast.walk(ast.parse(adapter)):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and _is_driver(node.func.value):
            keywords = {word.arg: word.value for word in node.keywords if word.arg is not None}
            found.append(Use(name=node.func.attr, positional=len(node.args), keywords=keywords))
    return found


def dicts(adapter: str) -> dict[str, dict[str, Any]]:
    """The dictionaries that it makes, by the variable's name: their keys, with the values that stand there as such."""
    found: dict[str, dict[str, Any]] = {}
    for node in ast.walk(ast.parse(adapter)):
        if not isinstance(node, ast.Assign) or not isinstance(node.targets[0], ast.Tuple | ast.Name):
            continue
        names = node.targets[0].elts if isinstance(node.targets[0], ast.Tuple) else [node.targets[0]]
        values = node.value.elts if isinstance(node.value, ast.Tuple) else [node.value]
        for name, value in zip(names, values, strict=False):
            if isinstance(name, ast.Name) and isinstance(value, ast.Dict):
                found[name.id] = dict(_items(value))
    return found


def _is_driver(node: ast.expr) -> bool:
    match node:
        case ast.Name(id="camera"):
            return True
        case ast.Call(func=ast.Attribute(attr="_driver")):
            return True
    return False


def _items(node: ast.Dict) -> Iterator[tuple[str, Any]]:
    for key, value in zip(node.keys, node.values, strict=True):
        assert isinstance(key, ast.Constant)
        yield str(key.value), value.value if isinstance(value, ast.Constant) else None


class Source:
    """Modules of the package, parsed."""

    def __init__(self, modules: dict[str, ast.Module], version: str) -> None:
        self._modules = modules
        self.version = version

    @classmethod
    def of_wheel(cls, wheel: Path) -> Self:
        with zipfile.ZipFile(wheel) as opened:
            names = [name for name in opened.namelist() if name.startswith("picamera2/") and name.endswith(".py")]
            modules = {Path(name).stem: ast.parse(opened.read(name)) for name in names if name.count("/") == 1}
        return cls(modules, wheel.name.split("-")[1])

    def exports(self, name: str) -> bool:
        """Whether `picamera2.name` is there."""
        imports = (node for node in self._modules["__init__"].body if isinstance(node, ast.ImportFrom))
        return any((alias.asname or alias.name) == name for node in imports for alias in node.names)

    def method(self, name: str) -> ast.FunctionDef:
        """Of the class Picamera2, the one that is no overload. Raises KeyError."""
        for node in self._class("picamera2", "Picamera2").body:
            if isinstance(node, ast.FunctionDef) and node.name == name and not node.decorator_list:
                return node
        raise KeyError(name)

    def overloads(self, name: str) -> list[ast.FunctionDef]:
        body = self._class("picamera2", "Picamera2").body
        return [
            node for node in body if isinstance(node, ast.FunctionDef) and node.name == name and node.decorator_list
        ]

    def raised(self, name: str) -> set[str]:
        """The names of the errors that a method raises by itself."""
        raises = (node.exc for node in ast.walk(self.method(name)) if isinstance(node, ast.Raise))
        return {node.func.id for node in raises if isinstance(node, ast.Call) and isinstance(node.func, ast.Name)}

    def value(self, module: str, name: str) -> Any:
        """What stands behind `name = ...` anywhere in a module, where it is made of constants. Raises KeyError."""
        for node in ast.walk(self._modules[module]):
            if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name) and node.targets[0].id == name:
                return ast.literal_eval(node.value)
        raise KeyError(name)

    def keys(self, module: str, name: str) -> set[str]:
        """The keys of a dictionary whose values are no constants. Raises KeyError."""
        for node in ast.walk(self._modules[module]):
            if not isinstance(node, ast.Assign) or not isinstance(node.value, ast.Dict):
                continue
            if isinstance(node.targets[0], ast.Name) and node.targets[0].id == name:
                return {str(key.value) for key in node.value.keys if isinstance(key, ast.Constant)}
        raise KeyError(name)

    def _class(self, module: str, name: str) -> ast.ClassDef:
        return next(n for n in self._modules[module].body if isinstance(n, ast.ClassDef) and n.name == name)


def arguments(function: ast.FunctionDef) -> list[str]:
    """Without self."""
    return [argument.arg for argument in (*function.args.posonlyargs, *function.args.args)][1:]


def troubles(adapter: str, real: Source) -> list[str]:
    """What the adapter uses and the real package has not."""
    found = []
    made = dicts(adapter)
    for use in uses(adapter):
        if use.name == "Picamera2":
            found += [] if real.exports(use.name) else ["picamera2 has no Picamera2"]
            continue
        try:
            takes = arguments(real.method(use.name))
        except KeyError:
            found.append(f"no method {use.name}")
            continue
        found += [f"{use.name} takes no {word}" for word in use.keywords if word not in takes]
        found += [f"{use.name} takes fewer"] if use.positional > len(takes) else []
    found += [f"no stream setting {key}" for key in made["main"] if key not in real.value("picamera2", "valid")]
    found += [] if made["main"]["format"] in real.value("formats", "RGB_FORMATS") else ["no such format"]
    found += [] if real.value("request", "mode_lookup").get(made["main"]["format"]) == "BGR" else ["it is not BGR"]
    known = real.keys("controls", "_VIRTUAL_FIELDS_MAP_")
    return found + [f"no control {key}" for key in made["controls"] if key not in known]
