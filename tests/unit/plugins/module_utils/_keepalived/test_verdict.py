"""Verdicts on what keepalived printed, recorded from 2.2.7, 2.3.3 and 2.3.4 (Debian 12, 13, 14), which say the same."""

from __future__ import annotations

import pytest
from ansible_collections.lvs.cluster.plugins.module_utils._keepalived.verdict import (
    run_by_root,
    verdict,
    verdict_of_copy,
    with_stand_ins,
)

CONTENT = "global_defs {\n    router_id lvs1\n}\nvrrp_instance web {\n    interface eth9\n    lb_algo foo\n}\n"

WARNED = {
    "interface not there yet": """\
(keepalived.conf: Line 5) WARNING - interface eth9 for vrrp_instance web doesn't exist
Non-existent interface specified in configuration
""",
    "all real servers drained": """\
Warning - quorum 1 for [192.0.2.100]:tcp:80 exceeds total weight of real servers 0, reducing quorum to 0
Virtual server [192.0.2.100]:tcp:80: hysteresis 0 >= quorum 0; setting hysteresis to 4294967295
""",
    "one of two real servers drained": """\
Warning - quorum 3 for [192.0.2.100]:tcp:80 exceeds total weight of real servers 2, reducing quorum to 2
Virtual server [192.0.2.100]:tcp:80: hysteresis 2 >= quorum 2; setting hysteresis to 1
""",
}
REFUSED = {
    "hysteresis of the whole quorum": (
        "Virtual server [192.0.2.100]:tcp:80: hysteresis 1 >= quorum 1; setting hysteresis to 0\n"
    ),
    "two real servers of one address": (
        "VS [192.0.2.100]:tcp:80: real server [192.0.2.21]:tcp:80 is duplicated - removing second rs\n"
    ),
    "something that nobody knows": "(keepalived.conf: Line 5) Interface is tired\n",
    "password too long": "(keepalived.conf: Line 5) Truncating auth_pass to 8 characters\n",
    "port that DR cannot rewrite": (
        "WARNING - virtual server [192.0.2.100]:tcp:80 and real server [192.0.2.21]:tcp:8080 "
        "ports don't match - resetting\n"
    ),
    "unknown scheduler": """\
(keepalived.conf: Line 6) Invalid lvs_scheduler 'foo' - ignoring
Virtual server [192.0.2.100]:tcp:80: no scheduler set, setting default 'wlc'
""",
    "deprecated keyword": "(keepalived.conf: Line 6) nb_get_retry is deprecated - please use 'retry'\n",
    "brace too many": "(Line 6) Extra '}' found\n(Line 6) Unknown keyword '}'\n",
    "authentication with version 3": "(web) VRRP version 3 does not support authentication. Ignoring.\n",
    "fraction with version 2": "(web) VRRPv2 advertisement interval 0.100000s must be an integer. rounding\n",
    "brace missing": """\
There are 1 missing '}'s or extra '{'s
Virtual server [192.0.2.100]:tcp:80 has no real servers - ignoring
""",
    "router id out of range": """\
(keepalived.conf: Line 5) number '256' outside range [1, 255]
(keepalived.conf: Line 5) (web): VRID '256' not valid - must be between 1 & 255
(web) the virtual router id must be set
""",
}


def test_silence_is_consent() -> None:
    found = verdict(0, "", CONTENT)
    assert (found.errors, found.warnings, found.crashed) == ((), (), False)


@pytest.mark.parametrize("output", WARNED.values(), ids=WARNED)
def test_remarks_on_sound_files_do_not_stop_them(output: str) -> None:
    found = verdict(5, output, CONTENT)
    assert found.errors == ()
    assert len(found.warnings) == 2


@pytest.mark.parametrize("output", REFUSED.values(), ids=REFUSED)
def test_everything_else_with_the_same_status_is_an_error(output: str) -> None:
    found = verdict(5, output, CONTENT)
    assert len(found.errors) == len(output.splitlines())
    assert found.warnings == ()


def test_the_hysteresis_of_one_service_is_not_excused_by_the_drained_servers_of_another() -> None:
    output = WARNED["one of two real servers drained"].replace(
        "Virtual server [192.0.2.100]", "Virtual server [192.0.2.9]"
    )

    found = verdict(5, output, CONTENT)

    assert (len(found.errors), len(found.warnings)) == (1, 1)


def test_error_quotes_the_line_it_speaks_of_and_no_temporary_file() -> None:
    found = verdict(5, "(/tmp/x/keepalived.conf: Line 6) Invalid lvs_scheduler 'foo' - ignoring\n", CONTENT)
    assert found.errors == ("line 6 (lb_algo foo): Invalid lvs_scheduler 'foo' - ignoring",)


def test_line_beyond_the_end_of_the_file_is_not_quoted() -> None:
    assert verdict(5, "(Line 99) Extra '}' found\n", CONTENT).errors == ("(Line 99) Extra '}' found",)


def test_error_among_warnings_is_found() -> None:
    found = verdict(5, WARNED["all real servers drained"] + REFUSED["deprecated keyword"], CONTENT)
    assert len(found.errors) == 1
    assert len(found.warnings) == 2


def test_each_message_is_told_once_though_three_processes_print_it() -> None:
    assert len(verdict(5, REFUSED["brace too many"] * 3, CONTENT).errors) == 2


@pytest.mark.parametrize("status", [-15, 134, 143])
def test_file_in_whose_test_keepalived_crashed_was_read_by_nobody(status: int) -> None:
    found = verdict(status, "", CONTENT)
    assert found.crashed
    assert found.errors == (f"keepalived --config-test crashed (status {status}), so nobody has read the file",)


SCRIPTS = """\
global_defs {
    enable_script_security
    script_user nobody  # not root
    router_id lvs1
}
vrrp_script web {
    script "/usr/bin/true"
    user nobody
}
"""
# What 2.2.7 prints of a file that is not to be secure; the second for a script that checks a real server.
INSECURE = """\
SECURITY VIOLATION - scripts are being executed but script_security not enabled.
SECURITY VIOLATION - check scripts are being executed but script_security not enabled.
"""
# Then a user whom 2.2.7 finds by itself runs the scripts.
NO_USER = SCRIPTS.replace("script_user nobody  # not root", "").replace("    user nobody\n", "")


def test_copy_has_root_for_every_user_and_all_other_lines_where_they_were() -> None:
    copy = run_by_root(SCRIPTS)
    assert copy.replaced == ("line 3 (script_user nobody  # not root)", "line 8 (user nobody)")
    lines = list(zip(SCRIPTS.split("\n"), copy.content.split("\n"), strict=True))
    changed = {number: after for number, (before, after) in enumerate(lines, 1) if before != after}
    assert changed == {3: "    script_user root", 8: "    user root"}


def test_copy_of_a_file_that_names_no_user_has_root_in_the_place_of_security() -> None:
    copy = run_by_root(NO_USER)
    assert copy.replaced == ("line 2 (enable_script_security)",)
    assert copy.content == NO_USER.replace("enable_script_security", "script_user root")
    found = verdict_of_copy(6, INSECURE, copy)
    assert found.errors == ()
    assert "line 2 (enable_script_security)" in found.warnings[0]


def test_line_with_a_brace_is_never_replaced() -> None:
    """Without it other lines would mean something else."""
    assert run_by_root("vrrp_script web { user nobody\n}\nuser nobody }\n").replaced == ()


def test_file_that_enables_no_security_is_told_so_from_its_copy_too() -> None:
    copy = run_by_root(SCRIPTS.replace("enable_script_security", ""))
    assert verdict_of_copy(6, INSECURE, copy).errors == tuple(INSECURE.splitlines())


def test_error_in_a_copy_is_one_of_the_file_and_quotes_its_line() -> None:
    found = verdict_of_copy(5, "(x: Line 4) Unknown keyword 'router_id'\n" + INSECURE, run_by_root(NO_USER))
    assert found.errors == ("line 4 (router_id lvs1): Unknown keyword 'router_id'",)


def test_copy_that_crashes_too_is_an_error() -> None:
    found = verdict_of_copy(143, "", run_by_root(SCRIPTS))
    assert found.crashed
    assert "line 8 (user nobody)" in found.errors[-1]


def test_scripts_that_are_not_there_yet_have_a_stand_in_and_their_arguments() -> None:
    line = '    notify_master "{} master" \n    notify "{}"\n    notify "{}.sh"\n'
    absent, content = "/etc/keepalived/scripts/a.b", line.replace("{}", "/etc/keepalived/scripts/a.b")
    assert with_stand_ins(content, [absent]) == line.replace("{}.sh", f"{absent}.sh").replace("{}", "/usr/bin/true")
    assert with_stand_ins(content.replace("a.b", "axb"), [absent]) == content.replace("a.b", "axb")


def test_failure_without_a_word_is_an_error() -> None:
    assert verdict(1, "", CONTENT).errors == ("keepalived --config-test ended with status 1 and no message",)
