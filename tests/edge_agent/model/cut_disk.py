"""A disk whose power fails at a chosen step: what was not synced by then is there or is not."""

from collections.abc import Callable
from pathlib import Path

from edge_agent.joining.disk import RealDisk


class PowerCutError(BaseException):
    """Nobody catches it: the machine is off."""


class CutDisk(RealDisk):
    """Real files. Before step `at` (from 0) the power fails; `forgets`: names that no folder was synced for are lost.

    File contents are synced by `write` itself, so only names can be forgotten, back to the last sync of their folder.
    """

    def __init__(self, at: int, *, forgets: bool) -> None:
        self._at = at
        self._forgets = forgets
        self._undo: list[tuple[Path, Callable[[], object]]] = []  # in the order in which it was done
        self.steps = 0

    def make_folder(self, path: Path) -> None:
        self._step()
        super().make_folder(path)
        self._may_forget(path.parent, lambda: _remove_all(path))

    def write(self, path: Path, content: bytes, *, mode: int, like: Path) -> None:
        self._step(lambda: path.write_bytes(content[: len(content) // 2]))  # half of it, when the power fails here
        self._may_forget(path.parent, _restoring(path))
        super().write(path, content, mode=mode, like=like)

    def link(self, path: Path, target: str) -> None:
        self._step()
        super().link(path, target)
        self._may_forget(path.parent, lambda: path.unlink(missing_ok=True))

    def rename(self, path: Path, to: Path) -> None:
        self._step()
        back, again = _restoring(to), _restoring(path)
        super().rename(path, to)
        self._may_forget(to.parent, lambda: (back(), again()))

    def remove(self, path: Path) -> None:
        self._step()
        restore = _restoring(path)
        super().remove(path)
        self._may_forget(path.parent, restore)

    def sync_folder(self, path: Path) -> None:
        self._step()
        super().sync_folder(path)
        self._undo = [(folder, undo) for folder, undo in self._undo if folder != path]

    def _may_forget(self, folder: Path, undo: Callable[[], object]) -> None:
        self._undo.append((folder, undo))

    def _step(self, half: Callable[[], object] | None = None) -> None:
        if self.steps == self._at:
            if half is not None:
                half()
            if self._forgets:
                for folder, undo in reversed(self._undo):
                    if folder.exists():  # else it is durably gone, and all that was in it
                        undo()
            raise PowerCutError
        self.steps += 1


def _restoring(path: Path) -> Callable[[], None]:
    """Puts back what stands there now."""
    if path.is_symlink():
        target = path.readlink()

        def relink() -> None:
            path.unlink(missing_ok=True)
            path.symlink_to(target)

        return relink
    if path.is_dir():
        return lambda: path.mkdir(exist_ok=True)
    if path.exists():
        content, mode = path.read_bytes(), path.stat().st_mode & 0o777

        def rewrite() -> None:
            path.unlink(missing_ok=True)
            path.write_bytes(content)
            path.chmod(mode)

        return rewrite
    return lambda: path.unlink(missing_ok=True)


def _remove_all(path: Path) -> None:
    if path.is_dir():
        for inside in path.iterdir():
            inside.unlink()
        path.rmdir()
