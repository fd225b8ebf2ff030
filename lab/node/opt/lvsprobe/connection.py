"""One HTTP connection, and what the kernel says of it."""

from __future__ import annotations

import asyncio
import contextlib
import errno
import os
import select
import socket
import sys

from lvsprobe.answer import BAD_ANSWER, CLOSED_EARLY, AnswerError, Head, parse_head
from lvsprobe.targets import Target

MAX_HEAD = 65536
SYN_RETRY = 1.0  # when the kernel sends the first SYN again (RFC 6298)


def failure_kind(error: OSError, phase: str) -> str:
    """One word or two for what went wrong while in `phase` ("connect" or "read")."""
    if isinstance(error, TimeoutError):
        return f"{phase} timeout"
    if isinstance(error, ConnectionRefusedError):
        return "refused"
    if isinstance(error, (ConnectionResetError, ConnectionAbortedError, BrokenPipeError)):
        return "reset"
    if error.errno in (errno.EHOSTUNREACH, errno.ENETUNREACH, errno.EHOSTDOWN, errno.ENETDOWN):
        return "unreachable"
    if type(error).__module__ == "ssl":  # its numbers are none of errno's
        # Whether the server is gone, or has said good-bye, is told in two ways by two patch levels of Python.
        reason = getattr(error, "reason", None)
        return "tls closed" if reason in (None, "UNEXPECTED_EOF_WHILE_READING") else f"tls {reason}"
    return f"error {errno.errorcode.get(error.errno or 0, str(error))}"


async def ready(sock: socket.socket, deadline: float, to_write: bool = False) -> None:
    """Wait until the socket can be read (or written); TimeoutError at the deadline.

    What the kernel already holds beats the clock: if this process itself was late, that is not the server's failure.
    """
    loop = asyncio.get_running_loop()
    waiter: asyncio.Future[None] = loop.create_future()

    def come() -> None:
        if not waiter.done():
            waiter.set_result(None)

    def expire() -> None:
        poll = select.poll()
        poll.register(sock, select.POLLOUT if to_write else select.POLLIN)
        if poll.poll(0):
            come()
        elif not waiter.done():
            waiter.set_exception(TimeoutError())

    watch, forget = (loop.add_writer, loop.remove_writer) if to_write else (loop.add_reader, loop.remove_reader)
    watch(sock, come)
    timer = loop.call_at(deadline, expire)
    try:
        await waiter
    finally:
        timer.cancel()
        forget(sock)


def total_retransmissions(sock: socket.socket) -> int:
    """tcpi_total_retrans of the kernel's struct tcp_info: on a new connection, how often the SYN was sent again."""
    tcp_info = sock.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, 104)
    return int.from_bytes(tcp_info[100:104], sys.byteorder)


def secured(sock: socket.socket, target: Target) -> socket.socket:
    """The client's end of TLS, which is still to shake hands; who the server is, is not the probe's question."""
    import ssl  # noqa: PLC0415 - half of the start of who speaks no TLS

    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    return context.wrap_socket(sock, do_handshake_on_connect=False, server_hostname=target.name or None)


class Connection:
    """One TCP connection that asks for pages; raises OSError or AnswerError."""

    def __init__(self) -> None:
        self.phase = "connect"
        self._sock: socket.socket | None = None
        self._buffer = b""
        self._deadline = 0.0
        #: What says that the kernel, or TLS, has nothing yet, or has no room yet.
        self._wait_to_read: tuple[type[OSError], ...] = (BlockingIOError,)
        self._wait_to_write: tuple[type[OSError], ...] = (BlockingIOError,)

    async def open(self, target: Target, timeout: float) -> None:
        loop = asyncio.get_running_loop()
        start = loop.time()
        deadline = start + timeout
        family = socket.AF_INET6 if target.is_ipv6 else socket.AF_INET
        self._sock = sock = socket.socket(family, socket.SOCK_STREAM | socket.SOCK_NONBLOCK)
        # Should the lab vanish meanwhile: nothing may leave by another way.
        if target.interface:
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_BINDTODEVICE, target.interface.encode())
        else:
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_DONTROUTE, 1)
        status = sock.connect_ex((target.address, target.port))
        if status == errno.EINPROGRESS:
            await ready(sock, deadline, to_write=True)
            status = sock.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)
        if status:
            raise OSError(status, os.strerror(status))
        # Sooner it is sent again to a server that has a connection of that port from before, and says so: RFC 5961, 4.
        if timeout <= SYN_RETRY <= loop.time() - start and total_retransmissions(sock):
            raise TimeoutError
        if target.is_tls:
            await self._shake_hands(target, deadline)
        self.phase = "read"

    async def _shake_hands(self, target: Target, deadline: float) -> None:
        from ssl import SSLSocket, SSLWantReadError, SSLWantWriteError  # noqa: PLC0415 - as in secured()

        sock = secured(self._open_socket, target)
        assert isinstance(sock, SSLSocket)
        self._sock, self._wait_to_read, self._wait_to_write = sock, (SSLWantReadError,), (SSLWantWriteError,)
        while True:
            try:
                sock.do_handshake()
            except SSLWantReadError:
                await ready(sock, deadline)
            except SSLWantWriteError:
                await ready(sock, deadline, to_write=True)
            else:
                return

    async def get(self, request: bytes, deadline: float) -> Head:
        """Send the request, read the whole answer."""
        await self.send(request, deadline)
        head = parse_head(await self._until(b"\r\n\r\n"))
        try:
            await self._skip_body(head)
        except ValueError:
            raise AnswerError(BAD_ANSWER) from None
        return head

    async def send(self, data: bytes, deadline: float) -> None:
        self._deadline = deadline
        while data:
            try:
                data = data[self._open_socket.send(data) :]
            except self._wait_to_write:
                await ready(self._open_socket, deadline, to_write=True)

    async def take(self, size: int) -> bytes:
        """As many bytes as that."""
        while len(self._buffer) < size:
            await self._more_or_fail()
        taken, self._buffer = self._buffer[:size], self._buffer[size:]
        return taken

    async def rest(self, deadline: float) -> None:
        """Leave the connection alone until the deadline; AnswerError if the server ends it meanwhile, or speaks."""
        while True:
            try:
                await ready(self._open_socket, deadline)
            except TimeoutError:
                return
            try:
                spoken = self._open_socket.recv(1)
            except self._wait_to_read:  # TLS had a word of its own, as a ticket
                continue
            raise AnswerError(BAD_ANSWER if spoken else "closed by the server")

    def close(self) -> None:
        if self._sock:
            self._sock.close()

    @property
    def _open_socket(self) -> socket.socket:
        assert self._sock is not None, "open() comes first"
        return self._sock

    async def _skip_body(self, head: Head) -> None:
        if head.status in (101, 204, 304):
            return
        if head.headers.get("transfer-encoding", "").lower() == "chunked":
            while size := int((await self._until(b"\r\n")).partition(b";")[0], 16):
                await self._skip(size + len(b"\r\n"))
            while await self._until(b"\r\n"):  # trailers, up to the empty line
                pass
        elif "content-length" in head.headers:
            await self._skip(int(head.headers["content-length"]))
        else:
            with contextlib.suppress(EOFError):
                while True:
                    self._buffer = b""
                    await self._more()

    async def _until(self, mark: bytes) -> bytes:
        while mark not in self._buffer:
            if len(self._buffer) > MAX_HEAD:
                raise AnswerError(BAD_ANSWER)
            await self._more_or_fail()
        found, _, self._buffer = self._buffer.partition(mark)
        return found

    async def _skip(self, size: int) -> None:
        if size < 0:
            raise AnswerError(BAD_ANSWER)
        while len(self._buffer) < size:
            size -= len(self._buffer)
            self._buffer = b""
            await self._more_or_fail()
        self._buffer = self._buffer[size:]

    async def _more_or_fail(self) -> None:
        try:
            await self._more()
        except EOFError:
            raise AnswerError(CLOSED_EARLY) from None

    async def _more(self) -> None:
        while True:
            try:
                data = self._open_socket.recv(65536)
            except self._wait_to_read:
                await ready(self._open_socket, self._deadline)
            else:
                break
        if not data:
            raise EOFError
        self._buffer += data
