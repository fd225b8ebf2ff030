"""The lab's judge: what a client of the virtual address sees while directors and realservers fail.

It runs on the lab's client host, as /opt/lab/probe, and needs Python 3.11 alone.

    probe load URL    a new TCP connection per request, at a set rate; what failed, who answered, every gap
    probe hold URL    one TCP connection kept open: did it survive?
    probe arp ADDR    every MAC address that answers "who has ADDR?"
    probe ndp ADDR    the same for an IPv6 address

What a gap is. Put the requests in the order in which they started. A gap is a maximal run of failed ones. It
lasts from the start of its first failed request to the start of the first successful request after it. A run at
the beginning of the measurement is a gap whose true beginning nobody saw (open_start); a run at its end lasts to
the end of the measurement, and its true end nobody saw (open_end). A gap is exact to one sending interval (1/rate)
at either end.

Why --timeout is one second. The kernel sends a lost SYN again after one second, so with a longer timeout a
connection begun in a gap can succeed late: the gap then shows as latency and not as a gap. Up to one second, a
connection that needed a second SYN counts as `connect timeout`, even if the process woke up too late to see the
time pass; but not one whose port the server knew from an earlier connection, which costs a second SYN at once. The
timeout counts for the connection, and then again for the answer.

What a silence is. Requests that are delayed, not lost, make no gap: ARP may hold them back, or a full queue. So
there is also the longest silence, the longest time within which no request came to a successful end.

What the probe cannot see. It starts its requests on time whatever becomes of the earlier ones, but it is a process
like others: `late_max` says how far behind its own schedule it ever was. Judge no gap that is shorter than that.

The load goes to the lab and nowhere else: a target must be in 198.18.0.0/15 or 2001:2::/48, and directly connected
or behind a gateway that is itself a directly connected address of the lab.
"""
