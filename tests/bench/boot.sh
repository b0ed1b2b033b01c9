#!/bin/bash
# boot - seconds that a guest is busy until sshd answers, counted in instructions: provisioned by natal, by nobody, by cloud-init.
. "$(dirname "$0")/lib.sh"
for p in qemu-system-x86_64:qemu-system-x86 genisoimage:genisoimage mmdebstrap:mmdebstrap; do need "${p%%:*}" "${p#*:}"; done
out=${NATAL_BENCH_IMAGES:-${XDG_CACHE_HOME:-$HOME/.cache}/natal/bench/boot}
mkdir -p "$out"
said=$(NATAL_TEST_BUILD=$build NATAL_TEST_OUT=$out "$here/tests/integration/boottime.sh") || echo "$said" >&2
read -r nobody natal cloud < <(sed -n 's/^busy until sshd answers: nobody \([0-9.]*\) s, natal \([0-9.]*\) s, cloud-init \([0-9.]*\) s$/\1 \2 \3/p' <<< "$said")
[ -n "${cloud:-}" ] || { echo "the guests have said nothing" >&2; exit 1; }
emit boot.ssh.busy "$natal" s "the same image, nobody provisions" "$nobody" "ratio >= 0.95"
emit boot.ssh.added "$(python3 -c "print(max($natal - $nobody, 0.001))")" s "cloud-init adds" "$(python3 -c "print($cloud - $nobody)")"
