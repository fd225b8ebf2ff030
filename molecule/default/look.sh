#!/bin/sh
# What a site run changes on a host: addresses, kernel settings and modules, units, files.
set -eu
ip -oneline address
sysctl --all 2>/dev/null | grep -E 'arp_(ignore|announce)|[.]vs[.]'
# Read from the files: systemd itself may be too busy to answer, and a look that failed would be one that differs.
units=$(systemctl --root=/ list-unit-files --no-legend)
echo "$units" | sort
find /etc /usr /var/lib -xdev ! -type d ! -path '/var/lib/systemd/*' -printf '%p %s %T@\n' | sort
