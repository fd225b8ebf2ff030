# Copyright: Contributors to the lvs.cluster collection
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)

"""What the kernel says of routes, as it says it."""

from __future__ import annotations

import ipaddress

HEADER = "Iface\tDestination\tGateway\tFlags\tRefCnt\tUse\tMetric\tMask\tMTU\tWindow\tIRTT\n"
DEFAULT = "eth1\t00000000\t0100000A\t0003\t0\t0\t100\t00000000\t0\t0\t0\n"
ON_LINK_DEFAULT = "ppp0\t00000000\t00000000\t0001\t0\t0\t0\t00000000\t0\t0\t0\n"
CONNECTED = "eth0\t000512C6\t00000000\t0001\t0\t0\t0\t00FFFFFF\t0\t0\t0\n"  # 198.18.5.0/24
CONNECTED_DOWN = "eth0\t000512C6\t00000000\t0000\t0\t0\t0\t00FFFFFF\t0\t0\t0\n"
UNREACHABLE = "*\t000012C6\t00000000\t0201\t0\t0\t4294967295\t0000FEFF\t0\t0\t0\n"  # 198.18.0.0/15
UNREACHABLE_TOO = "*\t000512C6\t00000000\t0201\t0\t0\t4294967295\t00FFFFFF\t0\t0\t0\n"  # 198.18.5.0/24
ROUTED = "eth0\t000712C6\t010512C6\t0003\t0\t0\t0\t00FFFFFF\t0\t0\t0\n"  # 198.18.7.0/24 via 198.18.5.1
LOOPED = "lo\t000912C6\t00000000\t0001\t0\t0\t0\t00FFFFFF\t0\t0\t0\n"  # 198.18.9.0/24
LAB_IS_UP = HEADER + DEFAULT + UNREACHABLE + UNREACHABLE_TOO + CONNECTED + ROUTED + LOOPED

GUARD = "*\t000712C6\t00000000\t0201\t0\t0\t4294967295\t00FFFFFF\t0\t0\t0\n"  # unreachable 198.18.7.0/24
LAB_DEFAULT = "eth0\t00000000\t010512C6\t0003\t0\t0\t0\t00000000\t0\t0\t0\n"  # default via 198.18.5.1
ON_LINK_GATEWAY = "eth0\t00000000\t010812C6\t0003\t0\t0\t0\t00000000\t0\t0\t0\n"  # default via 198.18.8.1 onlink
OTHER_INTERFACE = "eth1\t00000000\t010512C6\t0003\t0\t0\t0\t00000000\t0\t0\t0\n"  # default via 198.18.5.1
TWO_GATEWAYS = "eth0\t000812C6\t010512C6\t0003\t0\t0\t0\t00FFFFFF\t0\t0\t0\n"  # 198.18.8.0/24 via 198.18.5.1


def ipv6_route(network: str, length: int, interface: str, flags: int, gateway: str = "::", metric: int = 0x100) -> str:
    """A line of /proc/net/ipv6_route."""
    destination, via = (ipaddress.IPv6Address(address).packed.hex() for address in (network, gateway))
    return f"{destination} {length:02x} {'0' * 32} 00 {via} {metric:08x} 00000001 00000000 {flags:08x} {interface:>8}\n"


# The flags are as a kernel 6.1 shows them: its own addresses are local, and what is unreachable is not "up".
IPV6_CONNECTED = ipv6_route("2001:2::", 64, "eth0", 0x1)
IPV6_CONNECTED_DOWN = ipv6_route("2001:2::", 64, "eth0", 0x0)
IPV6_OWN = ipv6_route("2001:2::41", 128, "eth0", 0x80200001, metric=0)
IPV6_UNREACHABLE = ipv6_route("2001:2::", 64, "lo", 0x200200, metric=0xEE6B2800)
IPV6_NOTHING_ELSE = ipv6_route("::", 0, "lo", 0x200200, metric=0xFFFFFFFF)
IPV6_DEFAULT = ipv6_route("::", 0, "eth1", 0x3, "fd00::1", 0x400)
IPV6_LINK_LOCAL_DEFAULT = ipv6_route("::", 0, "eth0", 0x3, "fe80::1", 0x400)
IPV6_LAB_DEFAULT = ipv6_route("::", 0, "eth0", 0x3, "2001:2::253", 0x400)
IPV6_LAB_IS_UP = IPV6_CONNECTED + IPV6_UNREACHABLE + IPV6_OWN + IPV6_NOTHING_ELSE
