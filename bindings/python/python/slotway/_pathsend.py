"""The ASGI extension ``http.response.pathsend``: the body is a file."""

from __future__ import annotations

import asyncio
import os
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from slotway._asgi_request import AsgiRequest

__all__ = ["send_path"]

#: Bytes that are read at a time.
PIECE_BYTES = 256 << 10


class _File:
    """A file that is closed when nobody has it any more: a thread that reads from it goes
    on when the coroutine that waits for it is cancelled."""

    __slots__ = ("fd", "size", "at")

    def __init__(self, path: str | os.PathLike[str]) -> None:
        self.fd = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
        self.size = os.fstat(self.fd).st_size
        self.at = 0

    def __del__(self) -> None:
        if hasattr(self, "fd"):
            os.close(self.fd)

    def read_now(self) -> bytes | None:
        """The next piece if it is in memory; ``None`` if the disk is to be asked."""
        piece = bytearray(min(PIECE_BYTES, max(self.size - self.at, 1)))
        try:
            count = os.preadv(self.fd, [piece], self.at, os.RWF_NOWAIT)
        except OSError:
            # Not in memory, or the file system cannot tell: what is wrong otherwise shows
            # when it is read in earnest.
            return None
        self.at += count
        return bytes(memoryview(piece)[:count])

    def read(self) -> bytes:
        """The next piece."""
        piece = os.pread(self.fd, PIECE_BYTES, self.at)
        self.at += len(piece)
        return piece


async def send_path(request: AsgiRequest, path: str | os.PathLike[str]) -> None:
    """Sends a file as the whole body.

    What is in the page cache is read right here; for the rest a thread of the loop's
    executor waits for the disk.
    """
    loop = asyncio.get_running_loop()
    file = _File(path)
    while True:
        piece = file.read_now()
        if piece is None:
            piece = await loop.run_in_executor(None, file.read)
        more = bool(piece) and file.at < file.size
        await request.send({"type": "http.response.body", "body": piece, "more_body": more})
        if not more or request.gone:
            return
