#!/bin/sh
# identifiers.sh - names that images freeze: changing one strands every guest that was baked before.
cd "${srcdir:-.}" || exit 1
bad=0
frozen() { # WHAT TEXT FILE... : the text stands in each file
  what=$1 text=$2; shift 2
  for f in "$@"; do grep -qF -- "$text" "$f" || { echo "$what is frozen: '$text' is not in $f"; bad=1; }; done
}
frozen 'the volume label' '"NATAL"' common/media/bundle.h
frozen "the medium's file" '"natal.bundle"' common/media/bundle.h
frozen 'the volume label and the file' '`NATAL`' common/media/FORMAT.md
frozen 'the virtio-serial port' 'natal.guest.0' docs/WIRE.md agent/natal-agent.8 controller/host/qemu_args.c
frozen 'the fw_cfg entries' '"opt/natal/"' common/media/bundle.h
frozen 'the fw_cfg entries' 'opt/natal/uuid' agent/natal-agent.8
frozen "the frames' magic" 'NTL1' docs/WIRE.md
frozen 'the payload types' 'application/vnd.natal.manifest.v1+json' common/media/FORMAT.md common/media/envelope.c
frozen 'the payload types' 'application/vnd.natal.pin.v1+json' common/media/FORMAT.md common/media/envelope.c
frozen 'the payload types' 'application/vnd.natal.key-statement.v1+json' common/media/FORMAT.md common/media/envelope.c
frozen 'the anchors' '/etc/natal/trust.d' common/media/FORMAT.md agent/natal-agent.8
exit $bad
