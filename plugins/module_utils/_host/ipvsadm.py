# Copyright (c) lvs.cluster authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection.
"""The one door to the kernel's IPVS: the C(ipvsadm) program."""

from __future__ import annotations

import contextlib
import signal
import socket
import tempfile
from typing import Any, Iterator, NamedTuple, Sequence

from ansible_collections.lvs.cluster.plugins.module_utils._ipvs.commands import (
    Command,
    IpvsParseError,
    IpvsRuleError,
    service_options,
)
from ansible_collections.lvs.cluster.plugins.module_utils._ipvs.daemons import Daemons, parse_daemons
from ansible_collections.lvs.cluster.plugins.module_utils._ipvs.listing import (
    PERSISTENT,
    RATE,
    STATS,
    Listing,
    parse_listing,
    parse_service,
    parse_thresholds,
)
from ansible_collections.lvs.cluster.plugins.module_utils._ipvs.model import ServiceKey, Table
from ansible_collections.lvs.cluster.plugins.module_utils._ipvs.outcome import Failure, failures
from ansible_collections.lvs.cluster.plugins.module_utils._ipvs.plan import is_deletion
from ansible_collections.lvs.cluster.plugins.module_utils._ipvs.save import lines, parse, render, with_thresholds
from ansible_collections.lvs.cluster.plugins.module_utils._ipvs.timeouts import Timeouts, parse_timeouts

from .command import C_LOCALE, RunCommand
from .errors import HostError


class IpvsadmError(HostError):
    """ipvsadm did not do what it was told."""


class NoIpvsadmError(IpvsadmError):
    """The program is not there."""

    kind = "no_ipvsadm"
    remedy = "Install the package ipvsadm, or apply the role lvs.cluster.director"


class NoIpvsError(IpvsadmError):
    """The kernel has no IPVS."""

    kind = "no_ipvs"
    remedy = (
        "Load it with 'modprobe ip_vs'; if there is no such module, install the package with all modules of the kernel,"
        " and in a container load it on the host"
    )


class NotRootError(IpvsadmError):
    """Whoever runs it must not."""

    kind = "not_root"
    remedy = "Use become: true; in a container, give it CAP_NET_ADMIN"


class UnknownSchedulerError(IpvsadmError):
    """The kernel does not know the scheduler, or the persistence engine."""

    kind = "unknown_scheduler"
    remedy = (
        "See 'ls /lib/modules/$(uname -r)/kernel/net/netfilter/ipvs' for what this kernel has:"
        " ip_vs_NAME for lb_algo NAME, ip_vs_pe_NAME for persistence_engine NAME"
    )


class NoSuchServiceError(IpvsadmError):
    """The service is not in the table."""

    kind = "no_such_service"
    remedy = "Add it first, with lvs.cluster.ipvs_service or lvs.cluster.ipvs_table"


class NoSuchDeviceError(IpvsadmError):
    """The interface of a sync daemon is not there."""

    kind = "no_such_device"
    remedy = "Name an interface of 'ip -brief link' that is up"


class NoRouteError(IpvsadmError):
    """A sync daemon cannot send."""

    kind = "no_route"
    remedy = "Give the interface of the sync daemon an address, and bring it up"


class DaemonRunsError(IpvsadmError):
    """There is a sync daemon of this role already."""

    kind = "daemon_runs"
    remedy = "Something else started one meanwhile; run again"


class InvalidOperationError(IpvsadmError):
    """The kernel's EINVAL."""

    kind = "invalid"
    remedy = (
        "A server must have the address of one host, and the network namespace a lo that is up."
        " A sync daemon and a server of another family than its service's"
        " exclude each other"
    )


class UnreadableError(IpvsadmError):
    """ipvsadm or the kernel printed something that is not understood."""

    kind = "unreadable"
    remedy = "This version of ipvsadm or of the kernel is not known; report it with the output of 'ipvsadm --save -n'"


# ipvs_strerror() of ipvsadm 1.31, and strerror() for what that does not know.
ERRORS = (
    ("you must be root", NotRootError),
    ("Can't initialize ipvs", NoIpvsError),
    ("Protocol not available", NoIpvsError),
    ("Scheduler or persistence engine not found", UnknownSchedulerError),
    ("Service not defined", NoSuchServiceError),
    ("No such service", NoSuchServiceError),
    ("No such device", NoSuchDeviceError),
    ("Network is unreachable", NoRouteError),
    ("Cannot assign requested address", NoRouteError),
    ("Daemon has already run", DaemonRunsError),
    ("Invalid operation", InvalidOperationError),
)


def error_of(text: str, command: Sequence[str] = ()) -> IpvsadmError:
    """The error that ipvsadm's words mean."""
    kind = next((kind for words, kind in ERRORS if words in text), IpvsadmError)
    return kind(text, command)


@contextlib.contextmanager
def understood() -> Iterator[None]:
    """While something is read that has to be understood."""
    try:
        yield
    except (IpvsParseError, IpvsRuleError) as error:
        raise UnreadableError(str(error)) from None


# How many of the rules that failed a message tells; the result has all of them.
MESSAGES = 3


class Batch(NamedTuple):
    """Rules that were sent in one process, those that were sent before, those that wait, and what ended the process."""

    commands: list[Command]
    done: Sequence[Command]
    waiting: Sequence[Command]
    signal_name: str = ""


class BatchError(IpvsadmError):
    """Rules of a batch failed; the others are in the table."""

    kind = "batch"

    def __init__(self, failed: Sequence[Failure], batch: Batch, after: Table) -> None:
        causes = [error_of(each.reason) for each in failed if each.reason]
        self.kind = causes[0].kind if causes else IpvsadmError.kind
        self.remedy = ". ".join(dict.fromkeys(each.remedy for each in causes if each.remedy))
        self.failed = failed
        self.after = after
        without_effect = {each.line for each in failed}
        effective = [each for line, each in enumerate(batch.commands, start=1) if line not in without_effect]
        self.done = [*batch.done, *effective]
        told = [_told(each) for each in failed if each.reason]
        text = f"ipvsadm refused {len(told)} of {len(batch.commands)} rules"
        if batch.signal_name:
            self.kind = "killed"
            text = f"ipvsadm was ended by {batch.signal_name}: {len(effective)} of {len(batch.commands)} rules are done"
        if told:
            text += f": {'; '.join(told[:MESSAGES])}"
        if len(told) > MESSAGES:
            text += f"; and {len(told) - MESSAGES} more, see failed_commands"
        untried = [each for each in failed if not each.reason]
        if untried:
            text += f". {len(untried)} rules after that were not tried, from line {untried[0].line} on"
        if batch.waiting:
            text += f". Nothing was deleted ({len(batch.waiting)} deletions wait)"
        super().__init__(f"{text}. The table holds all else; a second run sends only what is missing")

    def result(self) -> dict[str, Any]:
        """As of its parent, with what was done, the lines that failed, and the table as it is now."""
        return {
            **super().result(),
            "changed": bool(self.done),
            "commands": written(self.done),
            "failed_commands": [
                {
                    "line": each.line,
                    "command": " ".join(["ipvsadm", *each.command]),
                    "reason": each.reason or "not tried",
                    "remedy": error_of(each.reason).remedy,
                }
                for each in self.failed
            ],
            "table": render(self.after).splitlines(),
        }


def _told(failure: Failure) -> str:
    if not failure.line:
        return failure.reason
    return f"line {failure.line}: {' '.join(failure.command)}: {failure.reason}"


class Ipvsadm:
    """ipvsadm on this host."""

    def __init__(self, run_command: RunCommand, path: str, directory: str | None = None) -> None:
        self._run_command = run_command
        self._path = path
        # Where its input may lie while it runs.
        self._directory = directory

    @classmethod
    def of(cls, module: Any) -> Ipvsadm:
        """The program that a module of Ansible finds."""
        path = module.get_bin_path("ipvsadm")
        if not path:
            raise NoIpvsadmError("There is no ipvsadm on this host")
        return cls(module.run_command, path, module.tmpdir)

    def run(self, *words: str) -> str:
        """What one command prints."""
        # Its texts are all that tells one error from another: every error of the kernel has exit status 255.
        status, output, errors = self._run_command([self._path, *words], environ_update=C_LOCALE)
        if status:
            raise error_of(_joined(errors) or f"exit status {status}", ["ipvsadm", *words])
        return output

    def require(self) -> None:
        """Fail unless the kernel has IPVS and this user may use it; loads the module as ipvsadm always does."""
        self.run("--list", "--timeout")

    def run_all(self, commands: Sequence[Command]) -> None:
        """Run commands that are no rules, one after the other."""
        for command in commands:
            self.run(*command)

    @understood()
    def table(self) -> Table:
        """All services and servers. Saving leaves the thresholds out, so they come from a listing."""
        table = parse(self.run("--save", "-n"))
        if not table:
            return table
        return with_thresholds(table, parse_thresholds(self.run("--list", "-n", "--thresholds")))

    @understood()
    def part(self, key: ServiceKey) -> Table:
        """The table without all other services, which costs no more than this one."""
        service = service_options(key)
        try:
            table = parse_service(self.run("--list", "-n", *service, "--tun-info"))
            return with_thresholds(table, parse_thresholds(self.run("--list", "-n", *service, "--thresholds")))
        except NoSuchServiceError:
            return {}
        except IpvsParseError:
            pass
        except IpvsadmError as error:
            if "tun-info" not in error.text:
                raise
        # ipvsadm before 1.31 knows no tunnels, and a listing may change: a saved table tells the same.
        return {each: pool for each, pool in self.table().items() if each == key}

    @understood()
    def timeouts(self) -> Timeouts:
        """The timeouts of connections."""
        return parse_timeouts(self.run("--list", "--timeout"))

    @understood()
    def daemons(self) -> Daemons:
        """The sync daemons that run."""
        return parse_daemons(self.run("--list", "--daemon"))

    @understood()
    def stats(self) -> Listing:
        """How much each service and server has had."""
        return parse_listing(self.run("--list", "-n", "--stats", "--exact"), STATS)

    @understood()
    def rate(self) -> Listing:
        """How much they have in a second."""
        return parse_listing(self.run("--list", "-n", "--rate", "--exact"), RATE)

    @understood()
    def persistent(self) -> Listing:
        """The connections that they have, and the clients that they keep."""
        return parse_listing(self.run("--list", "-n", "--persistent-conn"), PERSISTENT)

    def apply(self, commands: Sequence[Command]) -> None:
        """Change the table: one process for all that is added and edited, and one for what is deleted.

        ipvsadm goes on after a rule that failed. Deletions wait for its success in a process of their own, so that
        nothing is taken away for which the replacement was refused.
        """
        changes = [command for command in commands if not is_deletion(command)]
        deletions = [command for command in commands if is_deletion(command)]
        self._restore(changes, waiting=deletions)
        self._restore(deletions, done=changes)

    def _restore(self, batch: list[Command], done: Sequence[Command] = (), waiting: Sequence[Command] = ()) -> None:
        if not batch:
            return
        status, errors = self._feed(batch)
        messages = [line for line in errors.splitlines() if line.strip()]
        if not status and not messages:
            return
        whole = error_of(_joined(errors))
        if isinstance(whole, (NotRootError, NoIpvsError)):
            raise whole
        ended = _signal_name(status)
        after = self.table()
        failed = failures(batch, messages or ([] if ended else [f"exit status {status}"]), after)
        if failed:
            raise BatchError(failed, Batch(batch, done, waiting, ended), after)

    def _feed(self, batch: list[Command]) -> tuple[int, str]:
        """Exit status and errors of ipvsadm that reads a batch.

        From a file: run_command writes all input before it reads, and an ipvsadm that refuses thousands of rules waits
        for its errors to be read before it reads on.
        """
        with tempfile.NamedTemporaryFile("w", encoding="ascii", dir=self._directory) as file:
            file.write(lines(batch))
            file.flush()
            status, _output, errors = self._run_command([*FED, self._path, file.name], environ_update=C_LOCALE)
        return status, errors


# A shell's own words, with a program and its input as arguments.
FED = ("/bin/sh", "-c", 'exec "$0" --restore <"$1"')


def _signal_name(status: int) -> str:
    """The signal that an exit status tells of, Python's or a shell's; empty if it tells of none."""
    number = -status if status < 0 else status - 128
    try:
        return signal.Signals(number).name
    except ValueError:
        return ""


def _joined(text: str) -> str:
    return " ".join(line.strip() for line in text.splitlines() if line.strip())


def written(commands: Sequence[Command]) -> list[str]:
    """Commands as a module returns them; no word of them has a space."""
    return [f"ipvsadm {' '.join(command)}" for command in commands]


def require_interface(name: str) -> None:
    """Fail unless this network namespace has an interface."""
    try:
        socket.if_nametoindex(name)
    except OSError:
        raise NoSuchDeviceError(f"There is no interface {name} on this host") from None
