"""The command line."""

from __future__ import annotations

import argparse
import os
import signal
import sys
from collections.abc import Sequence
from pathlib import Path

from lvslab import cluster, command, state, supported, usermachine
from lvslab.console import say
from lvslab.errors import LabError, UsageError
from lvslab.inventory import lab_name
from lvslab.nodes import Hosts
from lvslab.state import Record


def parser() -> argparse.ArgumentParser:
    top = argparse.ArgumentParser(prog="lab", description="Hosts for an Ansible inventory, on one machine.")
    commands = top.add_subparsers(dest="command", required=True, metavar="COMMAND")

    def add(name: str, help_text: str, *, host: bool = False) -> argparse.ArgumentParser:
        sub = commands.add_parser(name, help=help_text, description=help_text)
        default = os.environ.get("LAB_INVENTORY", "inventories/lab")
        sub.add_argument("-i", "--inventory", type=Path, default=Path(default), help=f"default: {default}")
        if host:
            sub.add_argument("host", metavar="HOST")
        return sub

    up = add("up", "bring all hosts up; repairs what is missing")
    up.add_argument("path", nargs="?", type=Path, metavar="INVENTORY")
    up.add_argument("--engine", default=os.environ.get("LAB_ENGINE"), help="host or uml; default: by looking")
    down = add("down", "take everything away")
    down.add_argument("path", nargs="?", type=Path, metavar="INVENTORY")
    add("status", "show the hosts")
    add("shell", "open a shell on a host", host=True)
    execute = add("exec", "run a command on a host, even when its network is cut", host=True)
    execute.add_argument("argv", nargs=argparse.REMAINDER, metavar="-- COMMAND")
    add("kill", "cut a host's power", host=True)
    add("start", "switch a host on and wait until it is ready", host=True)
    add("reboot", "reboot a host in an orderly way and wait until it is ready", host=True)
    for name, help_text in (("cut", "pull a host's network cables"), ("join", "plug a host's network cables in again")):
        cable = add(name, f"{help_text}, or the one in NETWORK", host=True)
        cable.add_argument("network", nargs="?", metavar="NETWORK")
    run = add("run", "run a command of this checkout under a kernel with IPVS")
    run.add_argument("--engine", default=os.environ.get("LAB_ENGINE"), help="host or uml; default: by looking")
    run.add_argument("--machine", choices=usermachine.SUITES, help="on a user's machine of this Debian, made for it")
    run.add_argument("argv", nargs=argparse.REMAINDER, metavar="-- COMMAND")
    return top


def command_of(argv: Sequence[str]) -> list[str]:
    """The words after ``--``."""
    words = list(argv[1:] if argv[:1] == ["--"] else argv)
    if not words:
        raise UsageError("no command given; write it after --")
    return words


def dispatch(options: argparse.Namespace) -> int:
    path: Path = getattr(options, "path", None) or options.inventory
    match options.command:
        case "up":
            cluster.up(path, options.engine)
        case "down":
            cluster.down(path)
        case "status":
            print(cluster.status(path))
        case "run":
            cluster.require_root()
            if options.machine:
                return usermachine.run_on(options.machine, command_of(options.argv), cluster.CACHE)
            return command.run_under_ipvs(command_of(options.argv), options.engine, cluster.CACHE)
        case _:
            return on_host(options, cluster.require_up(lab_name(path)))
    return 0


def on_host(options: argparse.Namespace, record: Record) -> int:
    cluster.require_root()
    hosts, node = cluster.hosts_of(record), record.node(options.host)
    if options.command in ("shell", "exec"):
        return become(hosts, record, options)
    with state.locked(record.name):
        match options.command:
            case "kill":
                hosts.power_off(node)
            case "start":
                if node.name not in hosts.running():
                    hosts.power_off(node)  # of a host that halted by itself, the cable is still there
                    hosts.power_on(node)
                hosts.wait_until_ready(node)
            case "reboot":
                hosts.shut_down(node)
                hosts.power_on(node)
                hosts.wait_until_ready(node)
            case "cut":
                hosts.set_carrier(node, options.network, "down")
            case "join":
                hosts.set_carrier(node, options.network, "up")
    return 0


def become(hosts: Hosts, record: Record, options: argparse.Namespace) -> int:
    """Replace this process, so that signals and the exit status are the command's own."""
    if options.command == "shell":
        argv = hosts.argv(record.node(options.host), ["bash", "-l"], terminal=True)
    else:
        argv = hosts.argv(record.node(options.host), command_of(options.argv))
        os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    os.execvp(argv[0], argv)


def main(argv: Sequence[str]) -> int:
    # Being told to end is the same as being interrupted: clean up what must be cleaned up.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    # After su the path is the user's: modprobe, ip and their like would look as if they were not installed.
    os.environ["PATH"] = f"{os.environ.get('PATH', os.defpath)}:/usr/sbin:/sbin"
    try:
        supported.check_system()
        return dispatch(parser().parse_args(argv))
    except LabError as error:
        print(f"lab: {error}", file=sys.stderr)
        return 2 if isinstance(error, UsageError) else 1
    except KeyboardInterrupt:
        say("interrupted" + ("; lab down removes what is there" if argv[:1] == ["up"] else ""))
        return 130
