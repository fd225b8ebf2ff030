#!/bin/sh -eu
# Runs inside the image of the machine, over which root/ has been laid.

systemctl mask systemd-udevd.service systemd-udev-trigger.service systemd-logind.service getty.target \
    systemd-networkd.service systemd-networkd.socket apt-daily.timer apt-daily-upgrade.timer dpkg-db-backup.timer \
    e2scrub_all.timer fstrim.timer podman-auto-update.timer podman-restart.service \
    netavark-dhcp-proxy.socket netavark-dhcp-proxy.service
systemctl set-default multi-user.target
systemctl enable ssh.service lab-boot.service
mkdir -p /lab /images /lib/modules
touch /etc/.updated /var/.updated
