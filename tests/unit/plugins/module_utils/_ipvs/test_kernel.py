"""Which modules of the kernel a table needs, and which there are."""

from __future__ import annotations

from ansible_collections.lvs.cluster.plugins.module_utils._ipvs.kernel import (
    loadable_modules,
    loaded_modules,
    module_names,
    told,
)
from ansible_collections.lvs.cluster.plugins.module_utils._ipvs.save import parse


def test_services_need_modules() -> None:
    table = parse("-A -f 7 -s rr\n-A -f 8 -s rr\n-A -f 9 -s none\n-A -u 192.0.2.10:5060 -s wrr -p 9 --pe sip\n")
    needed = module_names(table)
    assert needed == {"ip_vs_rr", "ip_vs_wrr", "ip_vs_pe_sip"}
    assert [told(each) for each in sorted(needed)] == ["persistence engine sip", "scheduler rr", "scheduler wrr"]


def test_modules_are_loaded_loadable_or_built_in() -> None:
    assert loaded_modules(["ip_vs_rr 12288 2 - Live 0x0\n"]) == {"ip_vs_rr"}
    dep = [
        "kernel/net/netfilter/ipvs/ip_vs_wrr.ko.xz: kernel/net/netfilter/ipvs/ip_vs.ko.xz kernel/lib/libcrc32c.ko.xz\n",
        "extra/ip_vs_pe_sip.ko:\n",
        "updates/ip-vs-own.ko.zst: kernel/net/netfilter/ipvs/ip_vs.ko.zst\n",
    ]
    assert loadable_modules(dep) == {"ip_vs_wrr", "ip_vs_pe_sip", "ip_vs_own"}
    assert loadable_modules(["kernel/net/netfilter/ipvs/ip_vs_sh.ko\n"]) == {"ip_vs_sh"}
