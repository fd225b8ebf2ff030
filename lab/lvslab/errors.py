"""The two ways in which a command of the lab ends badly; both are one line for the user, never a traceback."""

from __future__ import annotations


class LabError(Exception):
    """Something failed; the message says what, and what to do about it. Exit status 1."""


class UsageError(LabError):
    """The command line or the inventory asks for something that cannot be. Exit status 2."""
