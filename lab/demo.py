"""A cluster from nothing, and a director killed before your eyes.

Brings the lab up, runs playbooks/site.yml on inventories/lab twice, shows where requests go, cuts the master's power
while a client goes on asking, and tells what the client saw. Leaves the cluster running. Safe to run again.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
INVENTORY = "inventories/lab"
PATIENCE = 90.0
BOLD, DIM, PLAIN = ("\033[1m", "\033[2m", "\033[0m") if sys.stdout.isatty() else ("", "", "")
# Full lines of progress that the reader sees before the power goes off.
CALM_SECONDS = 4
ENVIRONMENT = {
    **os.environ,
    "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
    "ANSIBLE_CONFIG": str(ROOT / "ansible.cfg"),
}


def step(title: str) -> None:
    print(f"\n{BOLD}== {title}{PLAIN}", flush=True)


def run(*command: str, show: bool = True) -> None:
    """Run a command of the checkout before the reader's eyes; the demo ends where one fails."""
    if show:
        print(f"{DIM}$ {' '.join(command)}{PLAIN}", flush=True)
    done = subprocess.run(command, cwd=ROOT, env=ENVIRONMENT, check=False)
    if done.returncode:
        sys.exit(f"\n{command[0]} ended with status {done.returncode}. `lab/lab down` removes what is there.")


def output(*command: str) -> str:
    return subprocess.run(command, cwd=ROOT, env=ENVIRONMENT, check=True, capture_output=True, text=True).stdout


def on(host: str, *command: str) -> str:
    done = subprocess.run(
        ["lab/lab", "exec", host, "--", *command], cwd=ROOT, capture_output=True, text=True, check=False
    )
    return done.stdout


def described() -> dict[str, Any]:
    told: dict[str, Any] = json.loads(output("ansible-inventory", "-i", INVENTORY, "--list"))
    return {**told, "variables": told["_meta"]["hostvars"]["client"]}


def master(directors: list[str], address: str) -> str:
    """The director that has the address; waits for one."""
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline:
        for director in directors:
            if f" {address}/" in on(director, "ip", "-4", "-o", "address", "show", "eth0"):
                return director
        time.sleep(0.5)
    look = f"lab/lab exec {directors[0]} -- journalctl -u keepalived"
    sys.exit(f"No director has {address} after {PATIENCE:g} s. Look at: {look}")


def second_run_is_unchanged() -> None:
    command = ["ansible-playbook", "-i", INVENTORY, "playbooks/site.yml"]
    done = subprocess.run(command, cwd=ROOT, env=ENVIRONMENT, capture_output=True, text=True, check=False)
    if done.returncode:
        sys.exit(f"{done.stdout}{done.stderr}\nThe second run failed. `lab/lab down` removes what is there.")
    recap = done.stdout.split("PLAY RECAP")[1]
    print("\n".join(line for line in recap.splitlines() if "changed=" in line))
    if set(re.findall(r"changed=(\d+)", recap)) != {"0"}:
        sys.exit("The second run changed something, and should not have.")


def kill_while_a_client_asks(victim: str, url: str) -> None:
    probe = ["lab/lab", "exec", "client", "--", "/opt/lab/probe", "load", url]
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
    step("A lab of seven hosts on this machine")
    run("lab/lab", "up", INVENTORY)
    inventory = described()
    directors = inventory["lvs_directors"]["hosts"]
    service = inventory["variables"]["lvs_virtual_servers"][0]
    address, url = service["address"], f"http://{service['address']}/"

    step("The cluster that inventories/lab describes")
    run("ansible-playbook", "-i", INVENTORY, "playbooks/site.yml")

    step("Once more: nothing is left to change")
    second_run_is_unchanged()

    step("Requests to the virtual address")
    for _ in range(6):
        answer = on(
            "client", "curl", "-sS", "-o", "/dev/null", "-w", "%header{x-served-by} and %header{x-backend}", url
        )
        print(f"  {url} answered by {answer}")
    first = master(directors, address)
    print(f"\n{first} has {address} and hands the connections on:")
    print(on(first, "ipvsadm", "--list", "--numeric"))

    step(f"{first} loses power while a client sends 50 requests a second")
    kill_while_a_client_asks(first, url)
    second = master([each for each in directors if each != first], address)
    print(f"{second} serves now, and clients' ARP agrees:")
    print(on("client", "/opt/lab/probe", "arp", address))

    step(f"{first} comes back")
    run("lab/lab", "start", first)
    print(f"\n{master([first], address)} has {address} again.")

    step("Play on")
    print(f"""\
  what a client sees               lab/lab exec client -- curl -si {url}
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
