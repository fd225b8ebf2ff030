"""A cluster from nothing, and a director killed before your eyes.

Brings the lab up, runs playbooks/site.yml on inventories/lab twice, shows where requests go, cuts the master's power
while a client goes on asking, and tells what the client saw. Leaves the cluster running. Safe to run again.
"""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from harness import cluster
from harness.clock import Waited, wait_for
from harness.lab import Lab, environment
from harness.probe import Client

ROOT = Path(__file__).resolve().parents[1]
INVENTORY = "inventories/lab"
BOLD, DIM, PLAIN = ("\033[1m", "\033[2m", "\033[0m") if sys.stdout.isatty() else ("", "", "")
# Full lines of progress that the reader sees before the power goes off.
CALM_SECONDS = 4
PROGRAMS = Path(sys.executable).parent
ENVIRONMENT = environment(ROOT)
ENVIRONMENT["PATH"] = f"{PROGRAMS}:{ENVIRONMENT['PATH']}"


def step(title: str) -> None:
    print(f"\n{BOLD}== {title}{PLAIN}", flush=True)


def run(*command: str, show: bool = True) -> None:
    """Run a command of the checkout before the reader's eyes; the demo ends where one fails."""
    if show:
        print(f"{DIM}$ {' '.join(command)}{PLAIN}", flush=True)
    done = subprocess.run(command, cwd=ROOT, env=ENVIRONMENT, check=False)
    if done.returncode:
        sys.exit(f"\n{command[0]} ended with status {done.returncode}. `lab/lab down` removes what is there.")


def master(lab: Lab, directors: Sequence[str], address: str) -> str:
    """The director that has the address; waits for one."""
    try:
        holders = wait_for(f"a director that has {address}", lambda: lab.holders(address, directors))
    except Waited as waited:
        sys.exit(f"{waited}. Look at: lab/lab exec {directors[0]} -- journalctl -u keepalived")
    return holders[0]


def show_neighbour(lab: Lab, client: Client, address: str) -> None:
    """Who sends the clients' packets to the address, and to which MAC address."""
    sender, interface = client.neighbour(address)
    command = ["ip", "neighbour", "show", address, "dev", interface]
    print(f"{DIM}$ lab/lab exec {sender} -- {' '.join(command)}{PLAIN}\n  {lab.exec(sender, *command).strip()}")


def second_run_is_unchanged() -> None:
    command = ["ansible-playbook", "-i", INVENTORY, "playbooks/site.yml"]
    done = subprocess.run(command, cwd=ROOT, env=ENVIRONMENT, capture_output=True, text=True, check=False)
    if done.returncode:
        sys.exit(f"{done.stdout}{done.stderr}\nThe second run failed. `lab/lab down` removes what is there.")
    recap = done.stdout.split("PLAY RECAP")[1]
    print("\n".join(line for line in recap.splitlines() if "changed=" in line))
    if set(re.findall(r"changed=(\d+)", recap)) != {"0"}:
        sys.exit("The second run changed something, and should not have.")


def kill_while_a_client_asks(client: str, victim: str, url: str) -> None:
    probe = ["lab/lab", "exec", client, "--", "/opt/lab/probe", "load", url]
    probe += ["--rate", "50", "--seconds", "16", "--hold", "--progress"]
    print(f"{DIM}$ {' '.join(probe)}{PLAIN}", flush=True)
    asking = subprocess.Popen(probe, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    assert asking.stdout
    assert asking.stderr
    for number, line in enumerate(asking.stderr):
        print("  " + line, end="", flush=True)
        if number == CALM_SECONDS:
            run("lab/lab", "kill", victim)
    print("\nWhat the client saw:\n" + asking.stdout.read())
    if asking.wait():
        sys.exit("The probe failed. `lab/lab down` removes what is there.")


def main() -> None:
    described = cluster.read(ROOT / INVENTORY)
    service, lab = described.service, Lab(ROOT / INVENTORY)
    client = Client(lab, described.client)

    step(f"A lab of {len(described.addresses)} hosts on this machine")
    run("lab/lab", "up", INVENTORY)

    step("The cluster that inventories/lab describes")
    run("ansible-playbook", "-i", INVENTORY, "playbooks/site.yml")

    step("Once more: nothing is left to change")
    second_run_is_unchanged()

    step("Requests to the virtual address")
    for _ in range(6):
        shown = ("-o", "/dev/null", "-w", "%header{x-served-by} and %header{x-backend}")
        print(f"  {service.url} answered by {lab.exec(client.host, 'curl', '-sS', *shown, service.url)}")
    first = master(lab, service.directors, service.vip)
    print(f"\n{first} has {service.vip} and hands the connections on:")
    print(lab.exec(first, "ipvsadm", "--list", "--numeric"))
    show_neighbour(lab, client, service.vip)

    step(f"{first} loses power while a client sends 50 requests a second")
    kill_while_a_client_asks(client.host, first, service.url)
    second = master(lab, [each for each in service.directors if each != first], service.vip)
    print(f"{second} ({lab.mac(second)}) serves now, and who sends the clients' packets there knows it:")
    show_neighbour(lab, client, service.vip)

    step(f"{first} comes back")
    run("lab/lab", "start", first)
    print(f"\n{master(lab, [first], service.vip)} has {service.vip} again.")

    step("Play on")
    print(f"""\
  what a client sees               lab/lab exec {client.host} -- curl -si {service.url}
  the director's table             lab/lab exec {first} -- ipvsadm -Ln
  a shell on a host                lab/lab shell {first}
  break it, and mend it            lab/lab kill|start|reboot|cut|join {first}
  change it in {INVENTORY}      .venv/bin/ansible-playbook -i {INVENTORY} playbooks/site.yml
  remove it all                    lab/lab down""")


if __name__ == "__main__":
    try:
        main()
    except KeyboardInterrupt:
        sys.exit("\nInterrupted. `lab/lab down` removes what is there; `make demo` goes on from it.")
