"""Which sources have changed, for ``--reload``."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator

__all__ = ["Sources"]

#: Directories with sources that nobody edits.
_SKIPPED = frozenset(("__pycache__", "node_modules", "site-packages", "venv"))


class Sources:
    """The Python files below some directories."""

    def __init__(self, directories: Iterable[str]) -> None:
        self.directories = [os.path.abspath(directory) for directory in directories]
        self._times = dict(self._look())

    def _look(self) -> Iterator[tuple[str, int]]:
        for directory in self.directories:
            for path, names, files in os.walk(directory):
                names[:] = [n for n in names if n not in _SKIPPED and not n.startswith(".")]
                for name in files:
                    if name.endswith(".py"):
                        file = os.path.join(path, name)
                        try:
                            yield file, os.stat(file).st_mtime_ns
                        except FileNotFoundError:
                            # It went between the two calls.
                            continue

    def changed(self) -> str | None:
        """A file that is not as it was at the last look, if there is one."""
        before, self._times = self._times, dict(self._look())
        now = self._times
        return next((f for f in {**before, **now} if before.get(f) != now.get(f)), None)
