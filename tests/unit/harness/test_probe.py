"""Several probes of one client."""

from __future__ import annotations

import re

import pytest
from harness.probe import PROBE, ending

URLS = ("http://198.18.0.100:80/", "http://[2001:2::100]:80/", "http://[2001:2::100]:8080/")


@pytest.mark.parametrize("url", URLS)
def test_the_probes_of_one_url_end_and_no_others(url: str) -> None:
    pattern = ending(url)[-1]
    ended = [other for other in URLS if re.search(pattern, f"/usr/bin/python3 {PROBE} load {other} --rate 50 --json")]
    assert ended == [url]
