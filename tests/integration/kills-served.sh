#!/bin/bash
# timeout: 1500
# kills-served.sh - kills.sh on PostgreSQL, where clients ask over HTTPS with an operator's certificate.
export NATAL_TEST_SERVED=1
exec bash "$(dirname "$0")/kills.sh"
