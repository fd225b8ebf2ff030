#!/bin/sh -eu
# Runs inside the image of a user's machine, over which root/ and the checkout's installer have been laid.

# What README.md tells a user to do first, on a fresh Debian and with its Python.
/opt/lvs.cluster/tools/install
apt-get clean
systemctl mask getty.target apt-daily.timer \
    apt-daily-upgrade.timer dpkg-db-backup.timer e2scrub_all.timer fstrim.timer systemd-tmpfiles-clean.timer
systemctl set-default multi-user.target
systemctl enable lab-run.service lab-modules.service systemd-networkd.service
: >/etc/resolv.conf
touch /etc/.updated /var/.updated
