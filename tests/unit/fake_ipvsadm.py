"""An ipvsadm that keeps its table in memory, as much of it as the modules use, with the real one's ways to fail."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from ansible_collections.lvs.cluster.plugins.module_utils._host.ipvsadm import FED
from ansible_collections.lvs.cluster.plugins.module_utils._ipvs.commands import (
    IpvsRuleError,
    read_command,
    run,
    service_options,
)
from ansible_collections.lvs.cluster.plugins.module_utils._ipvs.daemons import Daemons, render_daemons, run_daemons
from ansible_collections.lvs.cluster.plugins.module_utils._ipvs.model import Service, Table
from ansible_collections.lvs.cluster.plugins.module_utils._ipvs.save import parse, render
from ansible_collections.lvs.cluster.plugins.module_utils._ipvs.timeouts import Timeouts, render_timeouts

TITLE = "IP Virtual Server version 1.2.1 (size=4096)\nProt LocalAddress:Port\n  -> RemoteAddress:Port\n"
SCHEDULERS = ("rr", "wrr", "wlc", "sh", "mh", "dh")


FORWARD = {"DR": "Route", "NAT": "Masq", "TUN": "Tunnel"}


class NoSuchServiceError(Exception):
    """The kernel's ESRCH."""


def _settings(service: Service) -> str:
    text = f" {service.lb_algo}"
    if service.lb_flags:
        text += f" ({','.join(service.lb_flags)})"
    if service.persistence_timeout is not None:
        text += f" persistent {service.persistence_timeout}"
        if service.persistence_granularity is not None:
            text += f" mask {service.persistence_granularity}"
    if service.persistence_engine is not None:
        text += f" pe {service.persistence_engine}"
    return text + (" ops" if service.ops else "")


class FakeIpvsadm:
    """Called as AnsibleModule.run_command."""

    def __init__(self, rules: str = "") -> None:
        self.table: Table = parse(rules)
        self.timeouts = Timeouts(900, 120, 300)
        self.daemons: Daemons = {}
        self.connections: dict[str, list[int]] = {}
        self.counters = 0
        self.calls: list[list[str]] = []
        self.batches: list[str] = []
        self.fails: tuple[int, str] | None = None

    def __call__(self, words: Sequence[str], environ_update: object = None) -> tuple[int, str, str]:
        assert environ_update == {"LANGUAGE": "C", "LC_ALL": "C"}, "texts of errors need the C locale"
        data = ""
        if tuple(words[:3]) == FED:
            data = Path(words[4]).read_text()
            words = [words[3], "--restore"]
        assert words[0] == "/sbin/ipvsadm"
        self.calls.append(list(words[1:]))
        if self.fails:
            return self.fails[0], "", self.fails[1]
        words = list(words[1:])
        match words:
            case ["--save", "-n"]:
                return 0, "".join(self._saved()), ""
            case ["--list", *what]:
                try:
                    return 0, self._listed(what), ""
                except NoSuchServiceError:
                    return 255, "", "No such service\n"
            case ["--restore"]:
                return self._restore(data)
        self._do(words)
        return 0, "", ""

    def _listed(self, what: list[str]) -> str:
        match what:
            case ["--timeout"]:
                return render_timeouts(self.timeouts)
            case ["--daemon"]:
                return "".join(self._daemons())
        *service, columns = [each for each in what if each not in ("-n", "--exact")]
        named = {key: pool for key, pool in self.table.items() if not service or [*service_options(key)] == service}
        if service and not named:
            raise NoSuchServiceError
        return TITLE + "".join(self._listing(columns, named))

    def _do(self, words: list[str]) -> None:
        match words:
            case ["--set", *seconds]:
                pairs = zip(self.timeouts, map(int, seconds), strict=True)
                self.timeouts = Timeouts(*(new or old for old, new in pairs))
            case ["-Z", *_service]:
                self.counters = 0
            case ["--start-daemon" | "--stop-daemon", *_]:
                self.daemons = run_daemons([tuple(words)], self.daemons)
            case _:
                raise AssertionError(words)

    def _saved(self):
        for line in render(self.table).splitlines():
            words = line.split()
            for option in ("-x", "-y"):  # as the real one, which forgets the thresholds
                if option in words:
                    at = words.index(option)
                    del words[at : at + 2]
            yield " ".join(words) + "\n"

    def _listing(self, columns: str, table: Table):
        for key, pool in table.items():
            protocol = "FWM " if key.fwmark else key.protocol.upper()
            counted = " " + " ".join([str(self.counters)] * 5)
            settings = counted if columns in ("--stats", "--rate") else _settings(pool.service)
            yield f"{protocol} {str(key).split(' ', 1)[1]}{settings}\n"
            for each, server in pool.servers.items():
                active, inactive, persistent = self.connections.get(each.address, [0, 0, 0])
                numbers = {
                    "--thresholds": f"{server.uthreshold} {server.lthreshold} {active} {inactive}",
                    "--persistent-conn": f"{server.weight} {persistent} {active} {inactive}",
                    "--tun-info": f"{FORWARD[server.lb_kind]} ipip {server.weight} {active} {inactive}",
                    "--stats": counted,
                    "--rate": counted,
                }[columns]
                yield f"  -> {each} {numbers}\n"
                if columns == "--persistent-conn" and active:  # each look sees one less
                    self.connections[each.address] = [active - 1, inactive, persistent]

    def _daemons(self):
        for line in render_daemons(self.daemons).splitlines():
            words = line.split()
            options = dict(zip(words[::2], words[1::2], strict=True))
            yield (
                f"{words[1]} sync daemon (mcast={options['--mcast-interface']}, syncid={options['--syncid']},"
                f" maxlen={options.get('--sync-maxlen', 1472)}, group={options['--mcast-group']},"
                f" port={options['--mcast-port']}, ttl={options['--mcast-ttl']})\n"
            )

    def _restore(self, data: str) -> tuple[int, str, str]:
        """Goes on after a rule that failed, and exits with the status of the last one."""
        self.batches.append(data)
        status, errors = 0, []
        for line in data.splitlines():
            status, error = self._rule(line.split())
            errors.append(error)
        return status, "", "".join(errors)

    def _rule(self, words: list[str]) -> tuple[int, str]:
        rule = read_command(words)
        if isinstance(rule.what, Service) and rule.what.lb_algo not in SCHEDULERS:
            return 255, "Scheduler or persistence engine not found\n"
        try:
            self.table = run([words], self.table)
        except IpvsRuleError as error:
            return 255, str(error).rpartition(": ")[2] + "\n"
        return 0, ""
