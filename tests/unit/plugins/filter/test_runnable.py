# Copyright (c) lvs.cluster authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import re

import pytest
import yaml
from ansible.errors import AnsibleFilterError
from ansible_collections.lvs.cluster.plugins.filter.runnable import FilterModule
from ansible_collections.lvs.cluster.plugins.plugin_utils import _asked

runnable = FilterModule().filters()["runnable"]
TAGS = ["preflight", "keepalived"]
SITE = str(_asked.PLAYBOOKS / "site.yml")
DNS = str(_asked.PLAYBOOKS / "dns.yml")


@pytest.fixture
def started(monkeypatch):
    """How ansible-playbook was started."""

    def start(*playbooks, **options):
        told = {"args": playbooks, "tags": ["all"], "skip_tags": [], "start_at_task": None, "step": None, **options}
        monkeypatch.setattr(_asked.context, "CLIARGS", told)

    return start


@pytest.mark.parametrize(
    "options",
    [
        {},
        {"tags": ["keepalived"]},
        {"tags": ["never", "all"]},
        {"subset": "lvs1"},
        {"skip_tags": ["keepalived", "molecule-notest", "notest", "molecule-idempotence-notest"]},
    ],
    ids=str,
)
@pytest.mark.parametrize("playbook", [SITE, "lvs.cluster.site"])
def test_a_run_that_leaves_out_nothing_that_is_needed_has_its_hosts(started, playbook, options):
    started(playbook, **options)

    assert runnable("lvs_directors", TAGS, ["preflight"]) == "lvs_directors"


@pytest.mark.parametrize(
    ("options", "reason"),
    [
        ({"tags": ["keepalive"]}, "--tags keepalive: there is no such tag; there are preflight, keepalived."),
        ({"skip_tags": ["keepalive"]}, "--skip-tags keepalive: there is no such tag; there are preflight, keepalived."),
        ({"skip_tags": ["preflight"]}, "--skip-tags preflight: the others need what it finds out."),
        ({"start_at_task": "x"}, "--start-at-task: each task needs what those before it found out."),
        ({"step": True}, "--step: each task needs what those before it found out"),
    ],
    ids=lambda each: next(iter(each)) if isinstance(each, dict) else "",
)
@pytest.mark.parametrize("playbook", [SITE, "lvs.cluster.site"])
def test_a_run_that_would_leave_out_what_is_needed_is_refused(started, playbook, options, reason):
    started(playbook, **options)

    with pytest.raises(AnsibleFilterError) as caught:
        runnable("lvs_directors", TAGS, ["preflight"])

    assert reason in str(caught.value)


def test_a_playbook_without_tags_says_so(started):
    started(str(_asked.PLAYBOOKS / "teardown.yml"), tags=["keepalived"])

    with pytest.raises(AnsibleFilterError, match="this playbook has none"):
        runnable("lvs_directors")


@pytest.mark.parametrize("playbook", [DNS, "lvs.cluster.dns"])
def test_a_limit_is_refused_where_it_would_leave_all_out(started, playbook):
    started(playbook, subset="lvs1")

    with pytest.raises(AnsibleFilterError, match="--limit lvs1: this playbook runs where Ansible does"):
        runnable("localhost", limits=False)


def test_a_playbook_that_takes_no_limit_offers_none(started):
    started(DNS, tags=["keepalived"])

    with pytest.raises(AnsibleFilterError, match=r"this playbook has none\."):
        runnable("localhost", limits=False)


def test_what_runs_where_ansible_does_takes_no_limit():
    (play,) = yaml.safe_load((_asked.PLAYBOOKS / "dns.yml").read_text(encoding="utf-8"))

    assert play["hosts"] == "{{ 'localhost' | lvs.cluster.runnable(limits=false) }}"


def test_a_playbook_of_the_user_s_own_that_imports_ours_is_not_judged(started, tmp_path):
    started(str(tmp_path / "all.yml"), SITE, tags=["mine"], start_at_task="mine", step=True)

    assert runnable("lvs_directors", TAGS, ["preflight"]) == "lvs_directors"


def test_the_tags_that_site_knows_are_those_that_it_has():
    plays = yaml.safe_load((_asked.PLAYBOOKS / "site.yml").read_text(encoding="utf-8"))
    steps = [step for play in plays for step in [*play.get("roles", []), *play.get("tasks", [])]]
    tags = {tag for step in steps for tag in step["tags"]} - {"always"}

    assert set(re.findall(r"'(\w+)'", plays[0]["hosts"].partition("runnable(")[2])) == tags
    assert [step["tags"] for step in plays[0]["roles"]] == [["always", "preflight"]]
