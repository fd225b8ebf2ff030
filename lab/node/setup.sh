#!/bin/sh -eu
# Runs inside the image of a host, over which root/ has been laid.

# What has no work in a container, fails there, or (apt's timers) would hold dpkg's lock while a role wants it.
systemctl mask getty.target console-getty.service systemd-logind.service \
    apt-daily.timer apt-daily-upgrade.timer dpkg-db-backup.timer e2scrub_all.timer fstrim.timer e2scrub_reap.service \
    systemd-udevd.service systemd-udev-trigger.service systemd-network-generator.service systemd-pstore.service \
    systemd-remount-fs.service systemd-firstboot.service kmod-static-nodes.service ifupdown-pre.service \
    dev-hugepages.mount dev-mqueue.mount sys-fs-fuse-connections.mount sys-kernel-config.mount \
    sys-kernel-debug.mount sys-kernel-tracing.mount modprobe@configfs.service modprobe@dm_mod.service \
    modprobe@drm.service modprobe@efi_pstore.service modprobe@fuse.service modprobe@loop.service \
    systemd-tmpfiles-setup-dev.service systemd-tmpfiles-setup-dev-early.service systemd-update-utmp.service \
    systemd-update-utmp-runlevel.service systemd-networkd-persistent-storage.service systemd-user-sessions.service
# The same of what runs at every boot, and again whenever systemd reads its units anew. What is left: sysv-generator,
# and those of network managers.
mkdir -p /etc/systemd/system-generators
for generator in cryptsetup debug fstab getty gpt-auto hibernate-resume integritysetup rc-local run ssh system-update \
    tpm2 veritysetup; do
    ln -s /dev/null "/etc/systemd/system-generators/systemd-$generator-generator"
done
systemctl set-default multi-user.target
systemctl enable ssh.service
rm -f /etc/ssh/ssh_host_* /etc/machine-id /etc/hostname
mkdir -p /opt/lab /lib/modules
# Spare every first boot the work that systemd does once after an update of /usr.
touch /etc/.updated /var/.updated
