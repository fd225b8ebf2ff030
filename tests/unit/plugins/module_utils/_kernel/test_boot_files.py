from __future__ import annotations

import pytest
from ansible_collections.lvs.cluster.plugins.module_utils._host.sysctl import FOLDERS
from ansible_collections.lvs.cluster.plugins.module_utils._kernel import boot_files
from ansible_collections.lvs.cluster.plugins.module_utils._kernel.boot_files import Setting

OURS = "/etc/sysctl.d/60-lvs-realserver.conf"
WANTED = {"net.ipv4.conf.all.arp_ignore": "1", "net.ipv4.conf.eth0/7.arp_announce": "2"}
IGNORE = "net/ipv4/conf/all/arp_ignore"


def overriding(*files: tuple[str, str]) -> list[Setting]:
    return boot_files.overriding(OURS, WANTED, files)


def test_files_are_read_by_name_and_the_first_folder_s_counts() -> None:
    names = {
        "/usr/lib/sysctl.d": ["50-default.conf", "99-protect-links.conf"],
        "/etc/sysctl.d": ["99-sysctl.conf", "60-lvs-realserver.conf", "README.sysctl"],
        "/run/sysctl.d": ["50-default.conf"],
    }
    assert boot_files.reading_order(names, FOLDERS) == [
        "/run/sysctl.d/50-default.conf",
        "/etc/sysctl.d/60-lvs-realserver.conf",
        "/usr/lib/sysctl.d/99-protect-links.conf",
        "/etc/sysctl.d/99-sysctl.conf",
    ]


@pytest.mark.parametrize(
    ("line", "key"),
    [
        ("net.ipv4.conf.all.arp_ignore = 0", IGNORE),
        ("-net.ipv4.conf.all.arp_ignore=0", IGNORE),
        ("net/ipv4/conf/all/arp_ignore=0", IGNORE),
        ("net.ipv4.conf.eth0/7.arp_announce = 0", "net/ipv4/conf/eth0.7/arp_announce"),
        ("net/ipv4/conf/eth0.7/arp_announce = 0", "net/ipv4/conf/eth0.7/arp_announce"),
    ],
)
def test_later_file_that_says_something_else_is_found(line: str, key: str) -> None:
    path = "/etc/sysctl.d/99-sysctl.conf"
    assert overriding((path, f"# a host's own\n{line}\n")) == [Setting(path, 2, key, "0")]


@pytest.mark.parametrize(
    "text",
    [
        "net.ipv4.conf.all.arp_ignore = 1\n",
        "#net.ipv4.conf.all.arp_ignore = 0\n",
        "; net.ipv4.conf.all.arp_ignore = 0\n",
        "net.ipv4.conf.*.arp_ignore = 0\n",
        "-net.ipv4.conf.all.arp_ignore\n",
        "net.ipv4.conf.eth1.arp_ignore = 0\n",
        "net.ipv4.conf.all.arp_ignore = 0\nnet.ipv4.conf.all.arp_ignore = 1\n",
    ],
    ids=["same", "comment", "other comment", "pattern", "excluded", "other key", "put right again"],
)
def test_later_file_that_changes_nothing_is_let_be(text: str) -> None:
    assert overriding(("/etc/sysctl.d/99-sysctl.conf", text)) == []


def test_earlier_file_is_overridden_by_ours_and_the_last_one_counts() -> None:
    wrong, right = "net.ipv4.conf.all.arp_ignore = 0\n", "net.ipv4.conf.all.arp_ignore = 1\n"
    assert overriding(("/usr/lib/sysctl.d/50-default.conf", wrong)) == []
    assert overriding(("/etc/sysctl.d/70-a.conf", wrong), ("/etc/sysctl.d/80-b.conf", right)) == []
