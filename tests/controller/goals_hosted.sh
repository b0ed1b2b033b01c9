#!/bin/bash
# goals_hosted.sh - goals.sh with natal-hostd between natald and the guest: goals, bundles, reports and acknowledgements through its polls.
export NATAL_TEST_HOSTED=1
. "${srcdir:-.}/tests/controller/goals.sh"
