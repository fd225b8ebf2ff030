# Copyright: Contributors to the lvs.cluster collection
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)

"""What a target is."""

from __future__ import annotations

import pytest
from lvsprobe.targets import Target, TargetError, parse_target


@pytest.mark.parametrize(
    ("url", "target"),
    [
        ("http://198.18.5.100", Target("198.18.5.100", 80, "/")),
        ("http://198.18.5.100:8080/a?b=c", Target("198.18.5.100", 8080, "/a?b=c")),
        ("http://[2001:2::64]/", Target("2001:2::64", 80, "/")),
        ("http://[2001:2:0::0064]:8080/", Target("2001:2::64", 8080, "/")),
        ("https://198.18.5.100/", Target("198.18.5.100", 443, "/", is_tls=True)),
        ("https://198.18.5.100:80/", Target("198.18.5.100", 80, "/", is_tls=True)),
    ],
)
def test_a_url_names_address_port_and_path(url: str, target: Target) -> None:
    assert parse_target(url) == target


@pytest.mark.parametrize(
    "url",
    [
        "ftp://198.18.5.100/",
        "198.18.5.100",
        "http://",
        "http://web/",
        "http://2001:2::64/",
        "http://[2001:2::64%25eth0]/",
        "http://[2001:2::64%eth0]/",
        "http://[2001:2::64/",
        "http://u@198.18.5.1/",
        "http://198.18.5.1:0/",
        "http://198.18.5.1:x/",
        "http://198.18.5.1:99999/",
        "http://198.18.5.1/a b",
        "http://198.18.5.1/\r\nX: y",
        "http://198.18.5.1/ä",
        "http://[198.18.5.1/",
    ],
)
def test_any_other_url_is_refused(url: str) -> None:
    with pytest.raises(TargetError):
        parse_target(url)


@pytest.mark.parametrize(
    ("target", "host"),
    [
        (Target("198.18.5.100", 80, "/"), "198.18.5.100"),
        (Target("198.18.5.100", 8080, "/"), "198.18.5.100:8080"),
        (Target("2001:2::64", 80, "/"), "[2001:2::64]"),
        (Target("2001:2::64", 8080, "/"), "[2001:2::64]:8080"),
    ],
)
def test_url_and_request_name_the_host_as_http_wants_it(target: Target, host: str) -> None:
    assert target.url == f"http://{host}/"
    assert f"\r\nHost: {host}\r\n".encode() in target.request("close")


def test_https_has_a_port_of_its_own_and_a_site_may_have_a_name() -> None:
    assert Target("198.18.5.100", 443, "/", is_tls=True).url == "https://198.18.5.100/"
    assert Target("198.18.5.100", 80, "/", is_tls=True).url == "https://198.18.5.100:80/"
    assert b"\r\nHost: shop.example.com\r\n" in Target("198.18.5.100", 443, "/", name="shop.example.com").request(
        "close"
    )
