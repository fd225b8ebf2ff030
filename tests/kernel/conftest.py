"""A network namespace with an IPVS table of its own, on a real kernel.

Without IPVS, or without root, the tests fail: skipped tests would look like passed ones.
"""

from __future__ import annotations

import contextlib
import ctypes
import os
import shutil
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from ansible.module_utils.basic import AnsibleModule

CLONE_NEWNS = 0x00020000
CLONE_NEWNET = 0x40000000

# What a test of tables starts from: every kind of service and server that differs in how it is kept.
RULES = """
-A -t 192.0.2.10:80 -s wrr
-a -t 192.0.2.10:80 -r 192.0.2.21:80 -g -w 0 -x 10 -y 5
-a -t 192.0.2.10:80 -r 192.0.2.22:8080 -m -w 5
-a -t 192.0.2.10:80 -r 198.51.100.23:80 -i -w 1 --tun-type gue --tun-port 6080 --tun-csum
-A -u [2001:db8::10]:53 -s sh -p 300 -M 64 -b sh-fallback,sh-port
-a -u [2001:db8::10]:53 -r [2001:db8::21]:53 -g -w 1
-A -f 7 -6 -s rr
"""


def sh(command: str, *, check: bool = True) -> str:
    """What a shell prints."""
    return run(["sh", "-c", command], check=check)


def run(words: list[str], *, stdin: str | None = None, check: bool = True) -> str:
    """What a program prints."""
    status, output, errors = run_command(words, data=stdin)
    assert not check or not status, f"{words}: {errors}"
    return output


def run_command(words: list[str], environ_update: object = None, data: str | None = None) -> tuple[int, str, str]:
    """As AnsibleModule's, without its preexec_fn: that makes a copy of this large process each time.

    Under User-Mode Linux it would be most of the time of these tests; test_ansible.py goes by the real one.
    """
    environment = {**os.environ, **environ_update} if isinstance(environ_update, dict) else None
    done = subprocess.run(words, input=data, capture_output=True, text=True, check=False, env=environment)
    return done.returncode, done.stdout, done.stderr


def unshare(flags: int) -> None:
    # os.unshare() is of Python 3.12.
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.unshare(flags):
        raise OSError(ctypes.get_errno(), "unshare")


@contextlib.contextmanager
def namespace(name: str) -> Iterator[None]:
    """Sockets that are made in here belong to a namespace, also afterwards."""
    libc = ctypes.CDLL(None, use_errno=True)
    with open("/proc/thread-self/ns/net", "rb") as before, open(f"/run/netns/{name}", "rb") as there:
        assert not libc.setns(there.fileno(), CLONE_NEWNET), os.strerror(ctypes.get_errno())
        try:
            yield
        finally:
            assert not libc.setns(before.fileno(), CLONE_NEWNET)


def pytest_sessionstart() -> None:
    """Everything below happens to a namespace that ends with this process."""
    if os.getuid():
        pytest.exit("tests/kernel needs root: it makes a network namespace", returncode=1)
    unshare(CLONE_NEWNET | CLONE_NEWNS)
    sh("mount --make-rprivate / && mount -t sysfs sysfs /sys && ip link set lo up")
    if not shutil.which("ipvsadm"):
        pytest.exit("tests/kernel needs ipvsadm on PATH", returncode=1)
    sh("ipvsadm --list --timeout", check=False)  # loads the module where there is one
    if not Path("/proc/net/ip_vs").exists():
        pytest.exit("tests/kernel needs a kernel with IPVS: lab/lab run -- pytest tests/kernel", returncode=1)
    Path("/run/lvs-cluster").mkdir(exist_ok=True)
    sh("mount -t tmpfs tmpfs /run/lvs-cluster")  # the memory of drained servers is not the host's


@pytest.fixture(autouse=True, scope="session")
def fast_run_command() -> Iterator[None]:
    """For all modules in this process."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(AnsibleModule, "run_command", lambda _module, words, **options: run_command(words, **options))
        yield


@pytest.fixture
def empty() -> None:
    """No services."""
    run(["ipvsadm", "-C"])


@pytest.fixture
def rules() -> str:
    """A table of several kinds of services, as the kernel holds it."""
    run(["ipvsadm", "-C"])
    run(["ipvsadm", "-R"], stdin=RULES)
    return kernel_table()


def kernel_table() -> str:
    """All of a table that ipvsadm shows, thresholds included."""
    listed = run(["ipvsadm", "-S", "-n"]) + run(["ipvsadm", "-Ln", "--thresholds"])
    return "\n".join(line for line in listed.splitlines() if not line.startswith("IP Virtual Server"))


def kernel_state() -> str:
    """The table, the timeouts and the daemons."""
    return kernel_table() + run(["ipvsadm", "-L", "--timeout"]) + run(["ipvsadm", "-L", "--daemon"])


def stop_daemons() -> None:
    """Those that run, as of a keepalived of other tests that was killed."""
    running = run(["ipvsadm", "-L", "--daemon"])
    for role in ("master", "backup"):
        if f"{role} sync daemon" in running:
            run(["ipvsadm", "--stop-daemon", role])


def drain_state() -> str:
    """The table, the sysctl, and what is remembered of drained servers."""
    memories = sorted(Path("/run/lvs-cluster").glob("drained-*.json"))
    sysctl = Path("/proc/sys/net/ipv4/vs/expire_quiescent_template").read_text()
    return "\n".join([kernel_table(), sysctl, *(memory.read_text() for memory in memories)])


@pytest.fixture
def quiet() -> None:
    """Default timeouts, and no daemons."""
    run(["ipvsadm", "--set", "900", "120", "300"])
    stop_daemons()


@contextlib.contextmanager
def running_keepalived(
    directory: Path, configuration: str, ready: str, program: str = "keepalived"
) -> Iterator[subprocess.Popen[str]]:
    """A keepalived with its process ids in a directory, and its dumps in /tmp, which is a private one."""
    (directory / "keepalived.conf").write_text(configuration, errors="surrogateescape")
    command = [str(shutil.which(program)), "--dont-fork", "--use-file", str(directory / "keepalived.conf")]
    command += ["--log-console"]
    command += [
        f"--{option}={directory}/{name}.pid"
        for option, name in (
            ("pid", "keepalived"),
            ("vrrp_pid", "vrrp"),
            ("checkers_pid", "checkers"),
            ("bfd_pid", "bfd"),
        )
    ]
    log = directory / "log"
    with log.open("w") as output, subprocess.Popen(command, stdout=output, stderr=output, text=True) as process:
        try:
            deadline = time.monotonic() + 15
            while ready not in log.read_text(errors="replace"):
                assert process.poll() is None, log.read_text(errors="replace")
                assert time.monotonic() < deadline, log.read_text(errors="replace")
                time.sleep(0.1)
            yield process
        finally:
            process.terminate()


# Where scripts of these tests leave marks, where those of the product are, and whose they are.
MARKS, SCRIPTS, SCRIPT_USER = Path("/run/marks"), Path("/etc/keepalived/scripts"), 4711


@contextlib.contextmanager
def user_of_scripts(directory: Path) -> Iterator[None]:
    """A host that has the user of scripts, and no configuration of its own."""
    users = directory / "passwd"
    told = f"keepalived_script:x:{SCRIPT_USER}:{SCRIPT_USER}::/nonexistent:/usr/sbin/nologin\n"
    users.write_text(f"{Path('/etc/passwd').read_text()}{told}")
    for folder in (SCRIPTS.parent, MARKS):
        folder.mkdir(exist_ok=True)
        sh(f"mount -t tmpfs -o mode=0755 tmpfs {folder}")
    sh(f"chmod 644 {users} && mount --bind {users} /etc/passwd && chown {SCRIPT_USER}:{SCRIPT_USER} {MARKS}")
    yield
    sh(f"umount /etc/passwd {MARKS} {SCRIPTS.parent}")


@pytest.fixture(scope="session")
def device() -> str:
    """An interface that a sync daemon can use."""
    sh("ip link add sync0 type dummy && ip link set sync0 up && ip addr add 198.51.100.1/24 dev sync0")
    sh("ip route add default dev sync0")
    return "sync0"
