# Copyright (c) lvs.cluster authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import pytest
from ansible_collections.lvs.cluster.plugins.module_utils._description import inventory
from ansible_collections.lvs.cluster.tests.unit.plugins.module_utils._description.example import (
    OTHER_INSTANCE,
    hostvars,
)
from ansible_collections.lvs.cluster.tests.unit.plugins.module_utils._description.mistakes import (
    FIRST_INSTANCE,
    SECOND_INSTANCE,
    bad,
    told_once,
)

GLOBALS, SCRIPTS = "lvs_global_defs", "lvs_vrrp_scripts"
NOTIFY, TRACK = f"{FIRST_INSTANCE}.notify", f"{FIRST_INSTANCE}.track_script"
CHECK = {"name": "check", "script": {"path": "/usr/bin/true"}}
TEXT = "#!/bin/sh\nexit 0\n"
TRACKED = {SCRIPTS: [CHECK], TRACK: ["check"]}
GROUPED = {
    **TRACKED,
    SECOND_INSTANCE: {**OTHER_INSTANCE, "hosts": ["lvs1", "lvs2"]},
    "lvs_vrrp_sync_groups": [{"name": "both", "group": ["web", "mail"]}],
}

MISTAKES = [
    bad("file that is not there", {NOTIFY: "gone.sh"}, '= "gone.sh": is no file', "Put it there, or mend the path"),
    bad(
        "nothing to run", {NOTIFY: {"args": ["a"]}}, "has none of file, content, path", "Write file: ..., content: ..."
    ),
    bad("two scripts in one", {NOTIFY: {"content": TEXT, "path": "/usr/bin/true"}}, "has content and path"),
    bad("key that is misspelt", {NOTIFY: {"contents": TEXT}}, "did you mean content?", path=f"{NOTIFY}.contents"),
    bad("script that is a number", {NOTIFY: 1}, "is a number, not a mapping"),
    bad("file without a name", {NOTIFY: ""}, "is not the path of a file"),
    bad("text that is empty", {NOTIFY: {"content": " \n"}}, "is empty", "as #!/bin/sh", path=f"{NOTIFY}.content"),
    bad(
        "text without interpreter",
        {NOTIFY: {"content": "exit 0\n"}},
        "does not start with the path of its interpreter",
        "as #!/bin/sh",
        path=f"{NOTIFY}.content",
    ),
    bad("interpreter by its name", {NOTIFY: {"content": "#!sh\n"}}, "path of its interp", path=f"{NOTIFY}.content"),
    bad("lines of Windows", {NOTIFY: {"content": "#!/bin/sh\r\n"}}, "as those of Windows", path=f"{NOTIFY}.content"),
    bad("program by its name", {NOTIFY: {"path": "pgrep"}}, "is not a path", path=f"{NOTIFY}.path"),
    *(
        bad(
            f"argument with {sign!r}",
            {NOTIFY: {"content": TEXT, "args": ["a", f"a{sign}b"]}},
            "is not a word without spaces and quotes",
            path=f"{NOTIFY}.args[1]",
        )
        for sign in (" ", '"', "'", "\n", "\\", "#", "!", "$", "~", "{")
    ),
    bad(
        "command that keepalived would cut",
        {NOTIFY: {"path": "/usr/bin/true", "args": ["a" * 600, "b" * 600]}},
        "comes to a command of 1215 characters",
        "keepalived reads 1000",
    ),
    bad(
        "script that is not described",
        {**TRACKED, f"{TRACK}[1]": "chek"},
        '= "chek": is not described in lvs_vrrp_scripts',
        "Describe it there",
    ),
    bad(
        "script that is tracked twice", {**TRACKED, f"{TRACK}[1]": {"name": "check", "weight": 1}}, "is watched already"
    ),
    bad("scripts that are the same", {**TRACKED, f"{SCRIPTS}[1]": CHECK}, "is the same as [0]"),
    bad(
        "two scripts of one name",
        {**TRACKED, f"{SCRIPTS}[1]": {**CHECK, "rise": 2}},
        "is the name of an earlier entry too",
        path=f"{SCRIPTS}[1].name",
    ),
    bad("no weight to reverse", {**TRACKED, f"{SCRIPTS}[0].reverse": True}, "has no effect without a weight"),
    bad(
        "no weight to reverse here",
        {**TRACKED, f"{TRACK}[0]": {"name": "check", "reverse": True}},
        "has no effect without a weight",
        path=f"{TRACK}[0].reverse",
    ),
    bad(
        "weight of a script in a group that takes none",
        {**GROUPED, f"{SCRIPTS}[0].weight": -20},
        "has a weight, and the instance is in group both",
        path=f"{TRACK}[0]",
    ),
    bad("weight that no priority has", {**TRACKED, f"{SCRIPTS}[0].weight": 254}, "is out of range", "-253 to 253"),
    bad("user of one script", {**TRACKED, f"{SCRIPTS}[0].raw": ["user root"]}, "script_user of lvs_global_defs"),
    bad(
        "script without its pipe",
        {f"{GLOBALS}": {"notify_fifo_script": {"content": TEXT}}},
        "has no pipe to read",
        "Write notify_fifo",
        path=f"{GLOBALS}.notify_fifo_script",
    ),
    bad("pipe at no path", {GLOBALS: {"notify_fifo": "fifo"}}, "is not a path", path=f"{GLOBALS}.notify_fifo"),
    bad("security that is switched on", {GLOBALS: {"raw": ["enable_script_security"]}}, "does", path=f"{GLOBALS}.raw"),
]


@pytest.mark.parametrize(("changes", "path", "fragments"), MISTAKES)
def test_one_mistake_is_reported_once_with_its_path_reason_and_remedy(changes, path, fragments):
    told_once(changes, path, fragments)


def read(*files):
    """A reader of files that are there, and their paths as they are asked for."""
    held, asked = dict(files), []

    def reader(paths):
        asked.append(list(paths))
        return next((held[path] for path in paths if path in held), None)

    return reader, asked


def variables(changes):
    of_run = {"inventory_dir": "/inventory", "playbook_dir": "/playbooks"}
    return {host: {**own, **of_run} for host, own in hostvars(changes).items()}


PLACES = [f"{folder}/notify.sh" for folder in ("/inventory/files", "/inventory", "/playbooks/files", "/playbooks")]


@pytest.mark.parametrize("place", PLACES)
def test_a_file_is_found_beside_the_inventory_and_the_playbook_and_read_once(place):
    reader, asked = read((place, TEXT.encode()))
    changes = {NOTIFY: "notify.sh", f"{FIRST_INSTANCE}.notify_stop": {"file": "notify.sh", "args": ["stop"]}}
    scripts = inventory.view(variables(changes), "lvs1", reader)["keepalived"]["scripts"]
    assert asked == [PLACES]
    (script,) = scripts["files"]
    assert script["content"] == TEXT
    assert script["path"].startswith("/etc/keepalived/scripts/notify-")
    assert script["path"].endswith(".sh")
    assert scripts["user"] == "keepalived_script"


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        pytest.param(b"", "is empty", id="empty"),
        pytest.param(b"exit 0\n", "does not start with the path of its interpreter", id="no interpreter"),
        pytest.param(b"\x7fELF\xff", "is no text", id="program"),
    ],
)
def test_a_file_that_is_no_script_is_refused(content, reason):
    reader, _asked = read((PLACES[1], content))
    (problem,) = inventory.described(variables({NOTIFY: "notify.sh"}), "lvs1", reader)[2]
    assert (problem.path, problem.value) == (NOTIFY, "notify.sh")
    assert problem.reason == reason


def test_a_file_that_cannot_be_read_is_refused():
    def refusing(_paths):
        raise PermissionError(13, "Permission denied")

    (problem,) = inventory.described(variables({NOTIFY: "notify.sh"}), "lvs1", refusing)[2]
    assert (problem.path, problem.reason) == (NOTIFY, "cannot be read: Permission denied")


def test_another_text_is_another_file_of_the_host():
    paths = []
    for text in (TEXT, TEXT + "# more\n", TEXT):
        view = inventory.view(variables({NOTIFY: {"content": text}}), "lvs1")["keepalived"]
        (script,) = view["scripts"]["files"]
        assert ["notify", f'"{script["path"]}"'] in view["vrrp_instances"][0]["lines"]
        paths.append(script["path"])
    assert paths[0] == paths[2] != paths[1]


def test_a_host_has_the_scripts_of_its_own_instances_and_groups_alone():
    lone = {**OTHER_INSTANCE, "hosts": ["web1"], "notify": {"path": "/usr/bin/logger"}}
    changes = {**TRACKED, f"{FIRST_INSTANCE}.notify": {"content": TEXT}, SECOND_INSTANCE: lone}
    held = {host: inventory.view(variables(changes), host)["keepalived"] for host in ("lvs1", "web1", "web2")}
    assert [each["keyword"] for each in held["lvs1"]["blocks"]] == ["vrrp_script check"]
    assert held["web1"]["blocks"] == []
    programs = {host: each["scripts"]["programs"] for host, each in held.items()}
    assert programs == {"lvs1": ["/usr/bin/true"], "web1": ["/usr/bin/logger"], "web2": []}
    assert [len(each["scripts"]["files"]) for each in held.values()] == [1, 0, 0]
    assert held["web2"]["scripts"]["user"] == ""
    assert held["web2"]["global_defs"] == [["vrrp_garp_master_refresh", 60]]


def test_what_a_group_tracks_and_tells_is_on_the_hosts_of_its_instances():
    changes = {
        **{path: value for path, value in GROUPED.items() if path != TRACK},
        "lvs_vrrp_sync_groups[0].track_script": ["check"],
        "lvs_vrrp_sync_groups[0].notify_fault": {"path": "/usr/bin/logger", "args": ["fault"]},
    }
    view = inventory.view(variables(changes), "lvs2")["keepalived"]
    assert [each["keyword"] for each in view["blocks"]] == ["vrrp_script check", "vrrp_sync_group both"]
    assert ["notify_fault", '"/usr/bin/logger fault"'] in view["blocks"][1]["lines"]
    assert view["scripts"]["programs"] == ["/usr/bin/true", "/usr/bin/logger"]
    assert inventory.view(variables(changes), "web1")["keepalived"]["scripts"]["user"] == ""


def test_a_weight_of_a_script_is_warned_of_where_nobody_preempts():
    changes = {**TRACKED, f"{FIRST_INSTANCE}.preempt": False}

    def remarks(weight):
        (told,) = inventory.views(variables({**changes, f"{SCRIPTS}[0].weight": weight}), ["lvs1"])
        return told["cluster"]["remarks"]

    assert remarks(0) == []
    (remark,) = remarks(-20)
    assert remark.startswith(f"{FIRST_INSTANCE} watches check with a weight, and nobody preempts")


def test_scripts_run_securely_as_the_user_that_is_told():
    view = inventory.view(variables({**TRACKED, GLOBALS: {"script_user": "nobody"}}), "lvs1")["keepalived"]
    assert view["global_defs"][:2] == [["enable_script_security", True], ["script_user", "nobody"]]
    assert [keyword for keyword, _value in view["global_defs"]].count("script_user") == 1


def test_a_list_that_names_a_script_twice_is_one_problem():
    changes = {**TRACKED, f"{TRACK}[1]": "check"}
    told_once(changes, f"{TRACK}[1]", ("is the same as [0]",))
