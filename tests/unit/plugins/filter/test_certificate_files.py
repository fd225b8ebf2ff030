# Copyright (c) lvs.cluster authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import pytest
from ansible.errors import AnsibleFilterError
from ansible_collections.lvs.cluster.plugins.filter import certificate_files

files_of = certificate_files.FilterModule().filters()["certificate_files"]

CRT, KEY = "/etc/ssl/shop.crt", "/etc/ssl/shop.key"


def test_certificates_become_files():
    assert files_of({CRT: "text\n"}, {KEY: "key\n"}, [CRT, KEY]) == [{"path": CRT, "content": "text\n"}]
    assert files_of({}, {}, []) == []


@pytest.mark.parametrize(
    ("certificates", "keys", "reason"),
    [
        ({CRT: "-----BEGIN EC PRIVATE KEY-----\nc2VjcmV0\n"}, {}, r"nginx_certificates\[\S+/shop.crt\]: has a private"),
        ({CRT: "text\n"}, {CRT: "c2VjcmV0\n"}, "shop.crt.: is a path of nginx_certificate_keys too"),
        ({"/etc/ssl/shp.crt": "text\n"}, {}, r"nginx_certificates\[/etc/ssl/shp.crt\]: no site names this file"),
        ({}, {"/etc/ssl/shp.key": "c2VjcmV0\n"}, r"nginx_certificate_keys\[/etc/ssl/shp.key\]: no site names"),
    ],
    ids=["a key in it", "in both", "a typo", "a typo of a key"],
)
def test_what_would_show_a_key_or_serve_nobody_is_refused_without_its_text(certificates, keys, reason):
    with pytest.raises(AnsibleFilterError, match=reason) as failed:
        files_of(certificates, keys, [CRT, KEY])
    assert "c2VjcmV0" not in str(failed.value)
