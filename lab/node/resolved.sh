#!/bin/sh -eu
# Runs inside the image of a host that has systemd-resolved, last and from apt's cache: it takes over /etc/resolv.conf,
# and then nothing can be fetched any more.
apt-get install --yes --no-download systemd-resolved
