#!/bin/sh
set -e
if command -v systemd-sysusers >/dev/null 2>&1; then
  systemd-sysusers candor.conf
elif ! id candor >/dev/null 2>&1; then
  useradd --system --home-dir /var/lib/candor --no-create-home --shell /usr/sbin/nologin candor
fi
chgrp candor /etc/candor/candor.env
if [ -d /run/systemd/system ]; then
  systemctl daemon-reload
  # After an upgrade the new one takes over; a first start is for whoever runs the machine.
  systemctl try-restart candor.service
fi
