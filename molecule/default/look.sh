#!/bin/sh
# What a site run changes on a host: addresses, kernel settings and modules, units, files.
ip -oneline address
sysctl --all 2>/dev/null | grep -E 'arp_(ignore|announce)|[.]vs[.]'
systemctl list-unit-files --no-legend | sort
find /etc /usr /var/lib -xdev ! -type d ! -path '/var/lib/systemd/*' -printf '%p %s %T@\n' | sort
