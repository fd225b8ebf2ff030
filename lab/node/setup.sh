#!/bin/sh -eu
# Runs inside the image of a host, over which root/ has been laid.

# What has no work in a container, fails there, or (apt's timers) would hold dpkg's lock while a role wants it.
systemctl mask getty.target console-getty.service systemd-logind.service \
    apt-daily.timer apt-daily-upgrade.timer dpkg-db-backup.timer e2scrub_all.timer fstrim.timer e2scrub_reap.service \
    systemd-udevd.service systemd-udev-trigger.service systemd-network-generator.service systemd-pstore.service \
    systemd-remount-fs.service systemd-firstboot.service kmod-static-nodes.service ifupdown-pre.service \
    dev-hugepages.mount dev-mqueue.mount sys-fs-fuse-connections.mount sys-kernel-config.mount \
    sys-kernel-debug.mount sys-kernel-tracing.mount modprobe@configfs.service modprobe@dm_mod.service \
    modprobe@drm.service modprobe@efi_pstore.service modprobe@fuse.service modprobe@loop.service
systemctl set-default multi-user.target
systemctl enable ssh.service
rm -f /etc/ssh/ssh_host_* /etc/machine-id /etc/hostname
mkdir -p /opt/lab /lib/modules
# Spare every first boot the work that systemd does once after an update of /usr.
touch /etc/.updated /var/.updated
