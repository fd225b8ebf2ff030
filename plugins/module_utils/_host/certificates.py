# Copyright (c) lvs.cluster authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection.
"""The one door to certificates: what speaks against one and its key, and which one a server shows.

OpenSSL is asked, by Python's own library: a pair is handed to a server and to a client who trusts that certificate
alone, both in this process. So what a client would complain of is found before any has to.
"""

from __future__ import annotations

import contextlib
import os
import socket
import ssl
from typing import Any, Dict, Mapping, NamedTuple, Sequence

from .errors import HostError
from .files import write

BEGIN, END = "-----BEGIN CERTIFICATE-----", "-----END CERTIFICATE-----"
# X509_V_FLAG_PARTIAL_CHAIN: who signed it is not asked for. The library has a name for it since Python 3.10.
PARTIAL_CHAIN = 0x80000
# X509_V_FLAG_NO_CHECK_TIME.
ANY_TIME = 0x200000
# Messages that a handshake takes at most, on either side.
TURNS = 4


class CertificateError(HostError):
    """A certificate that no site can be served with."""

    kind = "refused_certificate"


class Pair(NamedTuple):
    """A certificate and its key, as paths, and the names that it must be good for.

    is_live: whether clients have had it from before. Then its time is not a reason to refuse anything.
    """

    certificate: str
    key: str
    names: Sequence[str]
    is_live: bool = False


def require_good(module: Any, pairs: Sequence[Pair], contents: Mapping[str, str]) -> None:
    """Fail unless each pair can be served with; warn of one whose time is over and that has been served with.

    contents: what files will have, by path; of other paths the files are read.
    """
    placed = _placed(module, contents)
    found = dict.fromkeys(_complaint(each, placed) for each in pairs)
    found.pop("", None)
    if found:
        raise CertificateError(". ".join(found))
    for each in filter(lambda pair: pair.is_live, pairs):
        told = _out_of_time(each, placed)
        if told:
            module.warn(f"{each.certificate}: {told}, and clients turn away. Renew it")


def _placed(module: Any, contents: Mapping[str, str]) -> Dict[str, str]:
    """Where OpenSSL finds each content: it reads files alone, and the directory is for this user and this module."""
    placed = {}
    for number, (path, content) in enumerate(contents.items()):
        placed[path] = os.path.join(module.tmpdir, f"pair{number}")
        write(placed[path], content.encode("utf-8"), 0o600)
    return placed


def _complaint(pair: Pair, placed: Mapping[str, str]) -> str:
    """What is wrong, and what to do about it; empty if nothing is."""
    certificate, key = _there(pair, placed)
    for path, there in ((pair.certificate, certificate), (pair.key, key)):
        if not os.path.isfile(there):
            return (
                f"There is no file {path}. Put it there, or its text into nginx_certificates, that of a key into "
                "nginx_certificate_keys"
            )
    server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    unreadable = _load(server, pair, certificate, key)
    if unreadable:
        return unreadable
    own = first_in(certificate)
    flags = ANY_TIME if pair.is_live else 0
    refusals = (_refusal(server, own, name, flags) for name in pair.names or [""])
    refusal = next(filter(None, refusals), "")
    return refusal and f"{pair.certificate} is refused: {refusal}. Renew it, or name in server_name what it is for"


def _out_of_time(pair: Pair, placed: Mapping[str, str]) -> str:
    """Why a client turns away from a pair that is good at some time; empty if it is now."""
    certificate, key = _there(pair, placed)
    server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    server.load_cert_chain(certificate, key)
    return _refusal(server, first_in(certificate), "", 0)


def _there(pair: Pair, placed: Mapping[str, str]) -> Sequence[str]:
    """Where the texts of the certificate and of the key are."""
    return [placed.get(each, each) for each in (pair.certificate, pair.key)]


def _load(server: ssl.SSLContext, pair: Pair, certificate: str, key: str) -> str:
    """Have a server show a pair; why it cannot, empty if it can."""
    passwords = []

    def no_password() -> bytes:
        passwords.append(b"")  # else OpenSSL would ask the terminal
        return passwords[0]

    try:
        first_in(certificate)
        server.load_cert_chain(certificate, key, no_password)
    except ssl.SSLError as error:
        if passwords:
            return f"{pair.key} has a password, and nginx asks nobody for one. Write the key without"
        if error.reason == "KEY_VALUES_MISMATCH":
            return f"{pair.key} is not the key of {pair.certificate}. Write the two that belong together"
        return f"OpenSSL cannot read {pair.certificate} or {pair.key}: {_reason(error)}. Write both in the form PEM"
    except ValueError:
        return f"There is no certificate in {pair.certificate}. Write it in the form PEM"
    return ""


def _refusal(server: ssl.SSLContext, certificate: bytes, name: str, flags: int) -> str:
    """Why a client who asks for a name turns away; empty if it does not."""
    client = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    client.verify_flags |= PARTIAL_CHAIN | flags
    client.check_hostname = bool(name)
    client.load_verify_locations(cadata=certificate)
    there, back = ssl.MemoryBIO(), ssl.MemoryBIO()
    ends = [
        client.wrap_bio(there, back, server_hostname=name or None),
        server.wrap_bio(back, there, server_side=True),
    ]
    try:
        for end in ends * TURNS:
            with contextlib.suppress(ssl.SSLWantReadError):
                end.do_handshake()
    except ssl.SSLError as error:
        return _reason(error)
    return ""


def _reason(error: ssl.SSLError) -> str:
    """In OpenSSL's words, without the line of its source."""
    if isinstance(error, ssl.SSLCertVerificationError):
        return error.verify_message.rstrip(".")
    return error.reason.replace("_", " ").lower() if error.reason else str(error)


def first_in(path: str) -> bytes:
    """The certificate of a file, which comes before those who signed it."""
    with open(path, encoding="utf-8", errors="replace") as file:
        text = file.read()
    begin, end = text.find(BEGIN), text.find(END)
    if begin < 0 or end < begin:
        raise ValueError("there is no certificate in it")
    return ssl.PEM_cert_to_DER_cert(text[begin : end + len(END)])


def shown(address: str, port: int, name: str, timeout: float) -> bytes:
    """The certificate that a server shows who asks for a name, from the address that is asked; it may be any."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    plain = socket.create_connection((address, port), timeout=timeout, source_address=(address, 0))
    with plain, context.wrap_socket(plain, server_hostname=name or None) as connection:
        return connection.getpeercert(binary_form=True) or b""
