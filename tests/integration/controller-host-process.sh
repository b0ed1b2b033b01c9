#!/bin/bash
# level: check
# controller-host-process.sh - the API test again, with the host's code in a process of its own: the same frames, another address space.
export NATAL_HOST_PROCESS=1
exec bash "$(dirname "$0")/controller-api.sh"
