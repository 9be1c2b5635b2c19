#!/bin/sh
set -e
# deb says remove or upgrade, rpm how many versions stay.
case "$1" in
remove | 0)
  if [ -d /run/systemd/system ]; then systemctl disable --now candor.service; fi
  ;;
esac
# /var/lib/candor stays: it is evidence.
