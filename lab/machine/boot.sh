#!/bin/sh -eu
# Runs inside the machine at every boot, before sshd. Its environment says what differs from lab to lab: the IMAGES of
# hosts, in the order of the disks; BRIDGES, each as NAME:MTU, in the order of the kernel's network interfaces; the
# machine's own ADDRESS on the first of them; the KEY that lets root in.

mount-hostfs /usr/lib/uml/modules /lib/modules
set -- b c d e f g h i j k l m n o p # the disk after "a", the machine's own
for image in $IMAGES; do
    mkdir -p "/images/$image"
    mount -o ro "/dev/ubd$1" "/images/$image"
    shift
done
install -d -m 700 ~root/.ssh
echo "$KEY" > ~root/.ssh/authorized_keys
mount -t tmpfs tmpfs /tmp
number=0
for bridge in $BRIDGES; do
    name=${bridge%:*}
    mtu=${bridge#*:}
    ip link add "$name" mtu "$mtu" type bridge mcast_snooping 0
    ip link set "vec$number" mtu "$mtu" master "$name" up
    ip link set "$name" up
    number=$((number + 1))
done
ip address add "$ADDRESS" dev "${BRIDGES%%:*}"
modprobe -a overlay veth ip_vs
