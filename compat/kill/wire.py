"""Keep-alive HTTP/1.1 clients on raw asyncio streams: light enough to have hundreds of them.

A request is either answered or *lost*. Which of the two is known for every request that was
under way when the server was killed, and the counts of a kill are made of that.
"""

import asyncio
import json
from urllib.parse import urlencode

WRITES = ("start", "update", "message")


class Lost(Exception):
    """The connection ended before the answer was complete: the outcome is unknown."""


class Request:
    """One request on its way."""

    __slots__ = ("kind", "state")

    def __init__(self, kind):
        self.kind = kind
        self.state = "open"


class Traffic:
    """Every request that has been sent and not been settled yet."""

    def __init__(self):
        self.open = set()

    def begin(self, kind):
        request = Request(kind)
        self.open.add(request)
        return request

    def settle(self, request, state):
        request.state = state
        self.open.discard(request)


def encode(method, path, body=None, query=None):
    """The bytes of one request."""
    if query:
        path += "?" + urlencode(query)
    data = b"" if body is None else json.dumps(body).encode()
    head = f"{method} {path} HTTP/1.1\r\nHost: fermata\r\nContent-Length: {len(data)}\r\n"
    if body is not None:
        head += "Content-Type: application/json\r\n"
    return head.encode() + b"\r\n" + data


class Connection:
    """One kept connection; it is opened when first used and again after it broke."""

    def __init__(self, port, traffic):
        self._port = port
        self._traffic = traffic
        self._reader = None
        self._writer = None

    @property
    def socket(self):
        return self._writer.get_extra_info("socket")

    async def open(self):
        """Connect, unless there is a connection that the server has not closed."""
        if self._writer is not None and (self._writer.is_closing() or self._reader.at_eof()):
            self.close()
        if self._writer is None:
            opening = asyncio.open_connection("127.0.0.1", self._port, limit=1 << 20)
            self._reader, self._writer = await asyncio.wait_for(opening, 10)

    def close(self):
        if self._writer is not None:
            self._writer.transport.abort()
        self._reader = self._writer = None

    def send(self, kind, data):
        """Hand the bytes to the kernel, now; the answer is read by `receive`."""
        request = self._traffic.begin(kind)
        self._writer.write(data)
        return request

    async def receive(self, request, seconds=60):
        """Status and body of the answer; the request is settled either way."""
        try:
            answer = await asyncio.wait_for(self._read(), seconds)
        except (OSError, EOFError, ValueError, TimeoutError, asyncio.LimitOverrunError) as error:
            self.close()
            self._traffic.settle(request, "lost")
            raise Lost(str(error)) from None
        except asyncio.CancelledError:
            self.close()
            self._traffic.settle(request, "lost")
            raise
        self._traffic.settle(request, "answered")
        return answer

    async def call(self, kind, method, path, body=None, query=None):
        """One request and its answer. A connection that cannot be opened is `ConnectionError`:
        then nothing was sent, and nothing can have happened."""
        try:
            await self.open()
        except (OSError, TimeoutError) as error:
            self.close()
            raise ConnectionError(str(error)) from None
        return await self.receive(self.send(kind, encode(method, path, body, query)))

    async def _read(self):
        line = await self._reader.readuntil(b"\r\n")
        status = int(line.split(b" ", 2)[1])
        headers = {}
        while (line := await self._reader.readuntil(b"\r\n")) != b"\r\n":
            name, _, value = line.partition(b":")
            headers[name.strip().lower()] = value.strip().lower()
        if headers.get(b"transfer-encoding") == b"chunked":
            body = await self._chunks()
        else:
            body = await self._reader.readexactly(int(headers.get(b"content-length", 0)))
        if headers.get(b"connection") == b"close":
            self.close()
        return status, body

    async def _chunks(self):
        body = b""
        while True:
            size = int((await self._reader.readuntil(b"\r\n")).split(b";")[0], 16)
            body += (await self._reader.readexactly(size + 2))[:-2]
            if size == 0:
                return body
