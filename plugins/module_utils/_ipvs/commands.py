# Copyright (c) lvs.cluster authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection.
"""The commands of ipvsadm that make up a table: how they are written, read, and what they do.

L(run) is a model of the kernel: with it a saved table is parsed (a saved table is a list of commands), and plans are
tested. A saved table can hold what no command makes: other programs reach the kernel without ipvsadm.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Callable, Iterable, NamedTuple, Sequence, Tuple

from ansible_collections.lvs.cluster.plugins.module_utils._net import (
    HIGHEST_PORT,
    AddressError,
    endpoint,
    parse_endpoint,
)

from .model import (
    BYPASS,
    LONGEST_TIMEOUT,
    PERSISTENCE_TIMEOUT,
    IpvsValueError,
    Pool,
    Server,
    ServerKey,
    Service,
    ServiceKey,
    Table,
    address_service,
    canonical_flags,
    canonical_granularity,
    fwmark_service,
    server_key,
)

# One command as ipvsadm gets it, without the program.
Command = Tuple[str, ...]

PROTOCOL_OPTIONS = {"tcp": "-t", "udp": "-u", "sctp": "--sctp-service"}
KIND_OPTIONS = {"DR": "-g", "NAT": "-m", "TUN": "-i"}
# What ipvsadm prints in place of an option that it does not have.
NO_OPTION = "(null)"
CHECKSUM_OPTIONS = {"none": "--tun-nocsum", "csum": "--tun-csum", "remcsum": "--tun-remcsum"}


class IpvsParseError(ValueError):
    """Text that is no rule of ipvsadm."""


class IpvsRuleError(ValueError):
    """A rule that the kernel would refuse, for example a second service of the same address."""


# Writing


def service_options(key: ServiceKey) -> Command:
    """The options that name a service."""
    if key.fwmark:
        return ("-f", str(key.fwmark), "-6") if key.family == "ipv6" else ("-f", str(key.fwmark))
    return (PROTOCOL_OPTIONS[key.protocol], endpoint(key.address, key.port))


def service_command(verb: str, service: Service) -> Command:
    """C(-A) or C(-E) with every setting: what an edit leaves out, the kernel resets."""
    words = [verb, *service_options(service.key), "-s", service.lb_algo]
    if service.persistence_timeout is not None:
        words += ["-p", str(service.persistence_timeout)]
        if service.persistence_granularity is not None:
            words += ["-M", service.persistence_granularity]
    if service.persistence_engine is not None:
        words += ["--pe", service.persistence_engine]
    if service.ops:
        words.append("-o")
    if service.lb_flags:
        words += ["-b", ",".join(service.lb_flags)]
    return tuple(words)


def server_command(verb: str, service: ServiceKey, server: Server) -> Command:
    """C(-a) or C(-e) with every setting, the thresholds included."""
    words = [verb, *service_options(service), "-r", endpoint(*server.key), KIND_OPTIONS.get(server.lb_kind, NO_OPTION)]
    words += ["-w", str(server.weight)]
    if server.tun_type is not None:
        words += ["--tun-type", server.tun_type]
    if server.tun_port is not None:
        words += ["--tun-port", str(server.tun_port)]
    if server.tun_checksum is not None:
        words.append(CHECKSUM_OPTIONS[server.tun_checksum])
    if server.uthreshold:
        words += ["-x", str(server.uthreshold)]
    if server.lthreshold:
        words += ["-y", str(server.lthreshold)]
    return tuple(words)


def delete_service(key: ServiceKey) -> Command:
    """C(-D); its servers go with it."""
    return ("-D", *service_options(key))


def delete_server(service: ServiceKey, server: ServerKey) -> Command:
    """C(-d)."""
    return ("-d", *service_options(service), "-r", endpoint(*server))


def pool_commands(pool: Pool) -> list[Command]:
    """What makes a service with its servers where there was none."""
    key = pool.service.key
    return [
        service_command("-A", pool.service),
        *(server_command("-a", key, pool.servers[each]) for each in sorted(pool.servers)),
    ]


# Reading


class Rule(NamedTuple):
    """A command that was read: what to do, to which service, and with what."""

    verb: str
    key: ServiceKey
    what: Service | Server | ServerKey | None


VERBS = ("-A", "-E", "-D", "-a", "-e", "-d")
LONG_OPTIONS = {
    "--add-service": "-A",
    "--edit-service": "-E",
    "--delete-service": "-D",
    "--add-server": "-a",
    "--edit-server": "-e",
    "--delete-server": "-d",
    "--tcp-service": "-t",
    "--udp-service": "-u",
    "--fwmark-service": "-f",
    "--scheduler": "-s",
    "--persistent": "-p",
    "--netmask": "-M",
    "--real-server": "-r",
    "--masquerading": "-m",
    "--ipip": "-i",
    "--gatewaying": "-g",
    "--weight": "-w",
    "--u-threshold": "-x",
    "--l-threshold": "-y",
    "--ipv6": "-6",
    "--ops": "-o",
    "--sched-flags": "-b",
}
VALUED = {
    "-t",
    "-u",
    "--sctp-service",
    "-f",
    "-s",
    "-M",
    "--pe",
    "-b",
    "-r",
    "-w",
    "-x",
    "-y",
    "--tun-type",
    "--tun-port",
}
BARE = {"-6", "-o", "-g", "-m", "-i", NO_OPTION, "--tun-nocsum", "--tun-csum", "--tun-remcsum"}
SERVICE_SETTINGS = {"-s", "-p", "-M", "--pe", "-o", "-b"}
SERVER_SETTINGS = {
    "-g",
    "-m",
    "-i",
    NO_OPTION,
    "-w",
    "-x",
    "-y",
    "--tun-type",
    "--tun-port",
    *CHECKSUM_OPTIONS.values(),
}
SETTINGS = {"-A": SERVICE_SETTINGS, "-E": SERVICE_SETTINGS, "-a": SERVER_SETTINGS, "-e": SERVER_SETTINGS}
NAMING = {"-t", "-u", "--sctp-service", "-f", "-6"}
ALLOWED = {
    verb: NAMING | SETTINGS.get(verb, set()) | (set() if verb.isupper() else {"-r"})
    for verb in ("-A", "-E", "-D", "-a", "-e", "-d")
}

SERVICE_OPTIONS = (*PROTOCOL_OPTIONS.values(), "-f")
PROTOCOLS = {option: protocol for protocol, option in PROTOCOL_OPTIONS.items()}
CHECKSUMS = {option: checksum for checksum, option in CHECKSUM_OPTIONS.items()}


def read_command(words: Sequence[str], saved: bool = False) -> Rule:
    """Read one command, its defaults filled in as ipvsadm fills them; or a line of a saved table, which has none."""
    verb = LONG_OPTIONS.get(words[0], words[0])
    if verb not in VERBS:
        raise IpvsParseError(f"{words[0]} is not a rule")
    options = _options(words[1:])
    if not options.keys() <= ALLOWED[verb]:
        raise IpvsParseError(f"{min(options.keys() - ALLOWED[verb])} does not go with {verb}")
    key = _service_key(options)
    if verb == "-D":
        return Rule(verb, key, None)
    if verb in ("-A", "-E"):
        return Rule(verb, key, _service(key, options, saved))
    if "-r" not in options:
        raise IpvsParseError("no server (-r)")
    if verb == "-d":
        # It tells no lb_kind, so that the port is taken as it is written, a NAT server's too.
        address, port = parse_endpoint(options["-r"])
        return Rule(verb, key, server_key(address, key.port if port is None else port))
    return Rule(verb, key, _server(key, options, saved))


def _options(words: Sequence[str]) -> dict[str, str]:
    options: dict[str, str] = {}
    rest = iter(words)
    for word in rest:
        option = LONG_OPTIONS.get(word, word)
        if option in options:
            raise IpvsParseError(f"{option} twice")
        if option in BARE:
            options[option] = ""
        elif option in VALUED:
            options[option] = next(rest, "")
            # The flags of sh that have no name: ipvsadm takes -b flag-3 and then saves -b with nothing after it.
            if not options[option] and option != "-b":
                raise IpvsParseError(f"{word} is not understood")
        elif option == "-p":
            return {**options, **_persistence(list(rest))}
        else:
            raise IpvsParseError(f"{word} is not understood")
    return options


def _persistence(rest: Sequence[str]) -> dict[str, str]:
    """What follows C(-p): its value, which may be missing, and other options."""
    timeout, others = (rest[0], rest[1:]) if rest and rest[0].isdigit() else (str(PERSISTENCE_TIMEOUT), rest)
    options = _options(others)
    if "-p" in options:
        raise IpvsParseError("-p twice")
    return {"-p": timeout, **options}


def _service_key(options: dict[str, str]) -> ServiceKey:
    naming = [option for option in SERVICE_OPTIONS if option in options]
    if len(naming) != 1:
        raise IpvsParseError("not one service (-t, -u, --sctp-service or -f)")
    return _named(naming[0], options[naming[0]], "-6" in options)


# The servers of a service name it one after the other.
@lru_cache(maxsize=64)
def _named(option: str, text: str, ipv6: bool) -> ServiceKey:
    if option == "-f":
        # ipvsadm 1.31 prints marks from 2^31 on as negative numbers, which it refuses to read back.
        fwmark = _number(text, -(1 << 31), (1 << 32) - 1) % (1 << 32)
        if not fwmark:
            raise IpvsParseError("0 is no firewall mark")
        return fwmark_service(fwmark, "ipv6" if ipv6 else "ipv4")
    if ipv6:
        raise IpvsParseError("-6 goes with -f")
    address, port = parse_endpoint(text)
    return address_service(PROTOCOLS[option], address, port or 0)


def _service(key: ServiceKey, options: dict[str, str], saved: bool) -> Service:
    lb_algo = options.get("-s", "wlc")
    timeout: int | None = None
    granularity: str | None = None
    if "-p" in options:
        timeout = _number(options["-p"], 0, (1 << 32) - 1) if saved else _number(options["-p"], 1, LONGEST_TIMEOUT)
        if "-M" in options:
            granularity = canonical_granularity(key.family, options["-M"])
    return Service(
        key=key,
        lb_algo=lb_algo,
        lb_flags=canonical_flags(lb_algo, tuple(options["-b"].split(","))) if options.get("-b") else (),
        persistence_timeout=timeout,
        persistence_granularity=granularity,
        persistence_engine=options.get("--pe"),
        ops="-o" in options,
    )


def _server(service: ServiceKey, options: dict[str, str], saved: bool) -> Server:
    kind = "NAT" if "-m" in options else "TUN" if "-i" in options else "DR"
    if NO_OPTION in options:
        if not saved:
            raise IpvsParseError(f"{NO_OPTION} is not understood")
        kind = BYPASS
    address, port = parse_endpoint(options["-r"])
    if port is None or (kind != "NAT" and not service.fwmark and not saved):
        # Nothing rewrites the port of a packet on its way to a DR or TUN server, so ipvsadm stores the service's.
        # Others store what they were told.
        port = service.port
    tunnel = options.get("--tun-type", "ipip") if kind == "TUN" else None
    checksum: str | None = None
    if tunnel in ("gue", "gre"):
        checksum = next((name for option, name in CHECKSUMS.items() if option in options), "none")
    return Server(
        key=server_key(address, port),
        lb_kind=kind,
        # No upper bound: ipvsadm 1.31 stores 70000 where it is told to, and what is stored must be read.
        weight=_number(options.get("-w", "1"), 0, (1 << 31) - 1),
        uthreshold=_number(options["-x"], 0, (1 << 32) - 1) if "-x" in options else 0,
        lthreshold=_number(options["-y"], 0, (1 << 32) - 1) if "-y" in options else 0,
        tun_type=tunnel,
        tun_port=_number(options["--tun-port"], 0, HIGHEST_PORT) if "--tun-port" in options else None,
        tun_checksum=checksum,
    )


def _number(text: str, low: int, high: int) -> int:
    try:
        number = int(text)
    except ValueError:
        number = low - 1
    if not low <= number <= high:
        raise IpvsParseError(f"{text} is not a number from {low} to {high}")
    return number


# Doing


def run(commands: Iterable[Sequence[str]], table: Table) -> Table:
    """The table after the commands, as the kernel would have it."""
    return run_numbered(enumerate(commands, start=1), table)


def run_numbered(numbered: Iterable[tuple[int, Sequence[str]]], table: Table, saved: bool = False) -> Table:
    """As L(run), for commands that are lines of a text, or of a saved table."""
    after = {key: Pool(pool.service, dict(pool.servers)) for key, pool in table.items()}
    for number, words in numbered:
        _run_one(after, number, words, saved)
    return after


def _run_one(table: Table, number: int, words: Sequence[str], saved: bool) -> None:
    try:
        rule = read_command(words, saved)
        EFFECTS[rule.verb](table, rule)
    except (IpvsParseError, IpvsValueError, AddressError) as error:
        raise IpvsParseError(f"line {number}: {' '.join(words)}: {error}") from None
    except IpvsRuleError as error:
        raise IpvsRuleError(f"line {number}: {' '.join(words)}: {error}") from None


def _add_service(table: Table, rule: Rule) -> None:
    if rule.key in table:
        raise IpvsRuleError("Service already exists")
    if isinstance(rule.what, Service):
        table[rule.key] = Pool(rule.what, {})


def _edit_service(table: Table, rule: Rule) -> None:
    if rule.key not in table:
        raise IpvsRuleError("No such service")
    if isinstance(rule.what, Service):
        table[rule.key] = Pool(rule.what, table[rule.key].servers)


def _delete_service(table: Table, rule: Rule) -> None:
    if rule.key not in table:
        raise IpvsRuleError("No such service")
    del table[rule.key]


def _servers(table: Table, rule: Rule) -> dict[ServerKey, Server]:
    if rule.key not in table:
        raise IpvsRuleError("Service not defined")
    return table[rule.key].servers


def _add_server(table: Table, rule: Rule) -> None:
    servers = _servers(table, rule)
    if isinstance(rule.what, Server):
        if rule.what.key in servers:
            raise IpvsRuleError("Destination already exists")
        servers[rule.what.key] = rule.what


def _edit_server(table: Table, rule: Rule) -> None:
    servers = _servers(table, rule)
    if isinstance(rule.what, Server):
        if rule.what.key not in servers:
            raise IpvsRuleError("No such destination")
        servers[rule.what.key] = rule.what


def _delete_server(table: Table, rule: Rule) -> None:
    servers = _servers(table, rule)
    if isinstance(rule.what, ServerKey):
        if rule.what not in servers:
            raise IpvsRuleError("No such destination")
        del servers[rule.what]


EFFECTS: dict[str, Callable[[Table, Rule], None]] = {
    "-A": _add_service,
    "-E": _edit_service,
    "-D": _delete_service,
    "-a": _add_server,
    "-e": _edit_server,
    "-d": _delete_server,
}
