#!/bin/sh -eu
# Runs in the folder that the kernel was extracted to: makes what "extract" leaves out, the loader's path, mount points,
# and the modules where modprobe looks for them.
ln -s usr/lib64 lib64
ln -s usr/lib lib
ln -s uml/modules usr/lib/modules
mkdir -p proc dev/net tmp lab disk images host
touch dev/net/tun
