# Copyright (c) lvs.cluster authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import calendar

import pytest
from ansible.errors import AnsibleFilterError
from ansible_collections.lvs.cluster.plugins.filter import session_ticket_keys

SECRET = "a secret of thirty-two characters"
keys_of = session_ticket_keys.FilterModule().filters()["session_ticket_keys"]


@pytest.fixture(name="at")
def at_fixture(monkeypatch):
    """The keys of a moment, in their order."""

    def keys(day, hour=12, secret=SECRET, cluster="lvs"):
        now = calendar.timegm((2026, 6, day, hour, 0, 0))
        monkeypatch.setattr(session_ticket_keys.time, "time", lambda: now)
        made = keys_of(secret, cluster, "/keys")
        assert list(made) == ["/keys/current", "/keys/former", "/keys/next"]
        return list(made.values())

    return keys


def test_keys_have_the_length_that_nginx_takes_for_aes256(at):
    assert [len(each.encode("ascii")) for each in at(1)] == [80, 80, 80]


def test_keys_stay_from_monday_to_sunday_and_the_next_one_then_encrypts(at):
    # 2026-06-01 was a Monday.
    first, second = at(1, 0), at(8, 0)
    assert at(7, 23) == first
    assert (second[0], second[1]) == (first[2], first[0])
    assert len({*first, *second}) == 4


def test_another_secret_and_another_cluster_have_other_keys(at):
    assert not set(at(1)) & {*at(1, secret=SECRET + "!"), *at(1, cluster="blog")}


def test_no_secret_is_no_keys_and_a_short_one_is_refused_without_a_word_of_it():
    assert keys_of("", "lvs", "/keys") == {}
    with pytest.raises(AnsibleFilterError, match="has 14 characters: write at least 32") as failed:
        keys_of("hunter2hunter2", "lvs", "/keys")
    assert "hunter" not in str(failed.value)
