#!/bin/sh -eu
# Process 1 of the kernel of `lab run`. KERNEL is where the kernel was unpacked, CHECKOUT this checkout, COMMAND the
# script to run in the end. It sees this machine's files, and may write anywhere; only what it writes below the checkout
# stays.

mount_hostfs=$CHECKOUT/lab/machine/root/usr/local/sbin/mount-hostfs
mount -t proc proc /proc
modprobe -d "$KERNEL" overlay
mount -t tmpfs tmpfs /tmp
mkdir /tmp/upper /tmp/work /tmp/root
mount -t overlay -o lowerdir=/,upperdir=/tmp/upper,workdir=/tmp/work overlay /tmp/root
cd /tmp/root
mkdir .old
mkdir -p lib/modules
mount --bind "$KERNEL/usr/lib/uml/modules" lib/modules
pivot_root . .old
mount -t proc proc /proc
mount -t sysfs sysfs /sys
mount -t devtmpfs dev /dev
ln -s /proc/self/fd /dev/fd
mkdir -p /dev/pts /dev/shm
mount -t devpts devpts /dev/pts
mount -t tmpfs tmpfs /dev/shm
mount -t tmpfs tmpfs /run
umount -l /.old
"$mount_hostfs" /lab /run/lab
"$mount_hostfs" "/host$CHECKOUT" "$CHECKOUT"
ip link set lo up
for module in /lib/modules/*/kernel/net/netfilter/ipvs/*.ko*; do
    module=${module##*/}
    modprobe "${module%%.ko*}"
done
sh "$COMMAND"
# The lab switches the kernel off; should process 1 end before, the kernel would complain.
while :; do sleep 1; done
