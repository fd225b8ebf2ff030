#!/bin/sh -eu
# Runs inside a copy of another image, in namespaces of its own: its arguments, packages, are installed, and none of
# them starts anything.
mount -t proc proc /proc
printf '#!/bin/sh\nexit 101\n' >/usr/sbin/policy-rc.d
chmod 755 /usr/sbin/policy-rc.d
install() {
    apt-get install --yes --option APT::Keep-Downloaded-Packages=false "$@"
}
# The archive may have moved on since the other image was made.
install "$@" || { apt-get update && install "$@"; }
rm /usr/sbin/policy-rc.d
