"""What scenarios, the demo and benchmarks share to look at a cluster in the lab, to break it, and to judge it.

cluster       the description, read as the product reads it
lab           the hosts: commands on them, and what they hold, in the product's own words
faults        what is broken is healed again, after the evidence is kept
probe         the client that looks on
judge         whether a cluster serves as described
evidence      what a failed test leaves behind
clock         waiting, and where the time went
certificates  those that a test needs
plugin        the fixtures of all this for pytest
"""
