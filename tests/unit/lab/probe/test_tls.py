# Copyright: Contributors to the lvs.cluster collection
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)

"""The probe over TLS."""

from __future__ import annotations

import asyncio
import ssl
from dataclasses import replace
from pathlib import Path

import pytest
from ansible_collections.lvs.cluster.tests.unit.lab.probe.servers import (
    FIVE,
    PLAN,
    always,
    measure,
    named,
    take_request,
)
from harness.certificates import issue

# Long enough for a machine that has much else to do.
HOLD = replace(PLAN, rate=0, seconds=2, hold=True, hold_timeout=10.0, hold_interval=0.01)


@pytest.fixture(params=["TLSv1_2", "TLSv1_3"])
def tls(request: pytest.FixtureRequest, tmp_path: Path) -> ssl.SSLContext:
    """A server's, of one version; it refuses who names another site."""
    issued = issue(["shop"])
    for name, text in issued._asdict().items():
        (tmp_path / name).write_text(text)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(tmp_path / "certificate", tmp_path / "key")
    context.minimum_version = context.maximum_version = ssl.TLSVersion[request.param]
    context.sni_callback = lambda _end, name, _own: None if name == "shop" else ssl.ALERT_DESCRIPTION_UNRECOGNIZED_NAME
    return context


def test_requests_are_made_over_tls_by_the_name_of_the_site(tls: ssl.SSLContext) -> None:
    report, _said = measure(always(named("web1")), PLAN, tls=tls)
    assert (report.failures, report.realservers) == ({}, {"web1": FIVE})


def test_a_long_answer_comes_whole(tls: ssl.SSLContext) -> None:
    body = b"x" * 300_000
    data = b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % len(body) + body
    assert measure(always(data), PLAN, tls=tls)[0].failures == {}


def test_a_connection_is_held_over_tls_and_its_tickets_are_no_answer(tls: ssl.SSLContext) -> None:
    async def keep(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while True:
            await take_request(reader)
            writer.write(named("web1"))
            await writer.drain()

    held = measure(keep, HOLD, tls=tls)[0].held
    assert held
    assert (held.survived, held.error, held.realserver) == (True, None, "web1")
    assert held.requests > 1


def test_a_server_that_ends_the_handshake_has_failed_by_tls(tls: ssl.SSLContext) -> None:
    tls.sni_callback = lambda *_asked: ssl.ALERT_DESCRIPTION_UNRECOGNIZED_NAME
    report, _said = measure(always(named("web1")), PLAN, tls=tls)
    assert report.failures == {"tls closed": FIVE}
