#!/bin/sh -eu
# Runs inside the image of the machine, over which root/ has been laid.

systemctl mask systemd-udevd.service systemd-udev-trigger.service systemd-logind.service getty.target \
    systemd-networkd.service systemd-networkd.socket apt-daily.timer apt-daily-upgrade.timer dpkg-db-backup.timer \
    e2scrub_all.timer fstrim.timer podman-auto-update.timer podman-restart.service \
    netavark-dhcp-proxy.socket netavark-dhcp-proxy.service systemd-tmpfiles-setup-dev.service \
    systemd-tmpfiles-setup-dev-early.service systemd-update-utmp.service systemd-update-utmp-runlevel.service \
    systemd-networkd-persistent-storage.service systemd-user-sessions.service systemd-journal-flush.service \
    systemd-sysctl.service systemd-modules-load.service systemd-random-seed.service systemd-tmpfiles-clean.timer \
    systemd-remount-fs.service kmod-static-nodes.service dev-hugepages.mount dev-mqueue.mount \
    sys-kernel-debug.mount sys-kernel-tracing.mount sys-kernel-config.mount sys-fs-fuse-connections.mount \
    modprobe@configfs.service modprobe@dm_mod.service modprobe@drm.service modprobe@efi_pstore.service \
    modprobe@fuse.service modprobe@loop.service
systemctl set-default multi-user.target
systemctl enable ssh.service lab-boot.service
mkdir -p /lab /images /lib/modules
touch /etc/.updated /var/.updated
