"""Debian: which archive this machine uses, and the packages the lab needs on it."""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from lvslab.console import say
from lvslab.errors import LabError
from lvslab.process import run
from lvslab.state import locked

_SUITES = {"stable", "testing", "unstable", "oldstable", "sid", "forky", "trixie", "bookworm", "bullseye"}
# Seconds for which others may be at it, as unattended-upgrades on a machine that has just booted.
WAIT_FOR_DPKG = "--option=DPkg::Lock::Timeout=300"
KEYRING = Path("/usr/share/keyrings/debian-archive-keyring.gpg")


@dataclass(frozen=True)
class Source:
    """One suite of one archive, as sources.list(5) has it."""

    uri: str
    suite: str
    components: tuple[str, ...]
    signed_by: str = ""

    @property
    def is_debian(self) -> bool:
        """Third parties reuse Debian's suite names, but not Debian's keyring."""
        base = re.sub(r"(-security|-updates|/updates)$", "", self.suite)
        return (
            base in _SUITES and "main" in self.components and "debian-archive" in (self.signed_by or "debian-archive")
        )

    @property
    def is_security(self) -> bool:
        return self.suite.endswith(("-security", "/updates"))


@dataclass(frozen=True)
class Archive:
    """Where this machine gets Debian from."""

    main: str
    security: str = ""

    def lines(self, suite: str) -> tuple[str, ...]:
        """sources.list lines for a suite; the development suite has neither updates nor security."""
        lines = [f"deb {self.main} {suite} main"]
        if suite in ("trixie", "bookworm"):
            lines.append(f"deb {self.main} {suite}-updates main")
            if self.security:
                lines.append(f"deb {self.security} {suite}-security main")
        return tuple(lines)


def parse_list(text: str) -> Iterator[Source]:
    """The one-line format: ``deb [option=value ...] uri suite component...``."""
    for line in text.splitlines():
        match = re.match(r"deb\s+(?:\[(?P<options>[^]]*)]\s*)?(?P<rest>[^#]+)", line.strip())
        if match:
            uri, suite, *components = match["rest"].split()
            signed_by = re.search(r"signed-by=(\S+)", match["options"] or "", re.IGNORECASE)
            yield Source(uri, suite, tuple(components), signed_by[1] if signed_by else "")


def parse_deb822(text: str) -> Iterator[Source]:
    """The stanza format of ``.sources`` files."""
    text = re.sub(r"^#.*\n", "", text, flags=re.MULTILINE)
    for stanza in re.split(r"\n\s*\n", text):
        pairs = re.findall(r"^([\w-]+):[ \t]*(.*(?:\n[ \t]+.*)*)", stanza, re.MULTILINE)
        fields = {key.lower(): value for key, value in pairs}
        if "deb" not in fields.get("types", "").split() or fields.get("enabled", "yes").strip().lower() == "no":
            continue
        for uri in fields.get("uris", "").split():
            for suite in fields.get("suites", "").split():
                components = tuple(fields.get("components", "").split())
                yield Source(uri, suite, components, fields.get("signed-by", "").strip())


def choose_archive(sources: Iterable[Source]) -> Archive | None:
    """Debian's own main and security archives, the first of each."""
    debian = [source for source in sources if source.is_debian]
    main = [source.uri for source in debian if not source.is_security]
    security = [source.uri for source in debian if source.is_security]
    return Archive(main[0], security[0] if security else "") if main else None


def host_archive() -> Archive:
    """The archive that this machine's own apt uses; LAB_DEBIAN_ARCHIVE names one where there is none."""
    if url := os.environ.get("LAB_DEBIAN_ARCHIVE"):
        return Archive(url)
    sources: list[Source] = []
    for path in [Path("/etc/apt/sources.list"), *sorted(Path("/etc/apt/sources.list.d").glob("*"))]:
        if path.suffix in (".list", ".sources") and path.is_file():
            parse = parse_list if path.suffix == ".list" else parse_deb822
            sources.extend(parse(path.read_text(encoding="utf-8")))
    archive = choose_archive(sources)
    if not archive:
        raise LabError("apt of this machine names no Debian archive: set LAB_DEBIAN_ARCHIVE to the address of one")
    return Archive(_without_mirror_list(archive.main), _without_mirror_list(archive.security))


def _without_mirror_list(uri: str) -> str:
    """Debian's cloud images list their mirrors in a file, which does not exist inside an image under construction."""
    if uri.startswith("mirror+file:"):
        return Path(uri.removeprefix("mirror+file:")).read_text(encoding="utf-8").split()[0]
    return uri


def require(programs: dict[str, str]) -> None:
    """Install the Debian packages of the programs that are missing; ``programs`` maps program to package."""
    if not _missing(programs):
        return
    # Labs that come up side by side need the same packages, and apt waits for nobody who reads its lists.
    with locked(".apt"):
        _install(_missing(programs))


def _missing(programs: dict[str, str]) -> list[str]:
    packages = sorted({package for program, package in programs.items() if not shutil.which(program)})
    return packages if KEYRING.exists() else [*packages, "debian-archive-keyring"]


def _install(packages: list[str]) -> None:
    if not packages:
        return
    if not shutil.which("apt-get"):
        raise LabError(f"without apt-get the lab cannot install what it needs, do so yourself: {' '.join(packages)}")
    say(f"installing Debian packages: {' '.join(packages)}")
    os.environ["DEBIAN_FRONTEND"] = "noninteractive"
    run(["apt-get", "update", "-q"])
    run(["apt-get", "install", "-q", "-y", "--no-install-recommends", WAIT_FOR_DPKG, *packages])
