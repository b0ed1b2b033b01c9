#!/bin/bash
# starting - a QEMU that never answers on its control socket holds up nobody but itself; and it can be deleted, or ends with its natald.
. "$(dirname "$0")/lib.sh"
command -v qemu-system-x86_64 > /dev/null && command -v swtpm_setup > /dev/null && command -v python3 > /dev/null || { echo "QEMU, swtpm and python3 are needed"; exit 77; }
mkdir "$T/image" "$T/bin"; chmod 711 "$T"; chmod 755 "$T/bin"
echo x > "$T/image/initrd"; truncate -s 1M "$T/image/root.img"; kernel > "$T/image/vmlinuz"
echo '{"kernel":"vmlinuz","initrd":"initrd","root":"root.img"}' > "$T/image/image.json"
# In QEMU's place: with 77 MB it says nothing, with 78 it listens and says nothing, with 79 it greets and answers nothing.
cat > "$T/bin/qemu-system-x86_64" <<END
#!/bin/bash
listen='import socket,sys,time
s=socket.socket(socket.AF_UNIX); s.bind("qmp.sock"); s.listen(8); all=[]
while True:
    c,_=s.accept(); all.append(c); c.sendall(sys.argv[1].encode())'
case " \$* " in
  *" -m 77 "*) exec sleep 1000;;
  *" -m 78 "*) exec python3 -c "\$listen" "";;
  *" -m 79 "*) exec python3 -c "\$listen" '{"QMP": {"version": {}, "capabilities": []}}
';;
esac
exec $(command -v qemu-system-x86_64) "\$@"
END
chmod 755 "$T/bin/qemu-system-x86_64"
PATH=$T/bin:$PATH NATAL_ACCEL=tcg n daemon start > /dev/null
n key init > /dev/null; n image register i --from "$T/image" > /dev/null
for memory in 77 78 79 96; do n vm create "vm-$memory" --image i --memory $memory > /dev/null || fail "create vm-$memory"; done
pids() { cat "$S"/host/*/run.json 2>/dev/null | grep -o "\"$1\":[1-9][0-9]*" | cut -d: -f2; }

begin=$SECONDS
for memory in 77 78 79; do n vm start vm-$memory > "$T/start-$memory" 2>&1 & eval "start_$memory=\$!"; done
hung() { [ "$(pids main_pid | wc -l)" = 3 ]; }
within 15 hung && ok "three QEMUs that do not answer are under way" || fail "$(pids main_pid | wc -l) are under way"
asked=$SECONDS
want 0 "booting" n vm start vm-96
want 0 "" n vm logs vm-96
want 0 "" n vm console vm-96 --for 0
want 0 "" n vm stop vm-96 --force
want 0 "goal 0.2, running" n vm change vm-96 --goal running
[ "$(field vm-96 running)" = True ] && ok "a goal of running starts it" || fail "vm-96: $(field vm-96 state) $(field vm-96 reason)"
want 0 "" n vm stop vm-96 --force
took=$((SECONDS - asked))
kill -0 "$start_77" 2>/dev/null && [ $took -lt 12 ] && ok "another guest is started, read and stopped meanwhile" || fail "it took $took s, or vm-77 had ended"
# Another name on the way: the request goes on with the same VM, and the old name's pin record goes.
[ -s "$S/pins/vm-96.pin" ] || fail "no pin record of vm-96"
want 0 "vm-97: goal 0.3, running" n vm change vm-96 --goal running --rename vm-97
[ "$(field vm-97 running)" = True ] && [ -s "$S/pins/vm-97.pin" ] && [ ! -e "$S/pins/vm-96.pin" ] && ok "renamed and started at once" || fail "vm-97: $(field vm-97 state), $(ls "$S/pins")"
# Its kernel hears nothing of a power button, and no natal-guestd is there: the host ends it after its grace.
stopping=$SECONDS; n vm change vm-97 --goal stopped > "$T/stopped" 2>&1 & stopped=$!
folder_79=$S/host/$(field vm-79 id)
hung_79=$(cat "$S/host/$(field vm-79 id)/run.json" | grep -o '"main_pid":[0-9]*' | cut -d: -f2)
n vm delete vm-79; gone() { ! kill -0 "$hung_79" 2>/dev/null && [ ! -e "$folder_79" ]; }
within 5 gone && ok "one that does not answer can be deleted" || fail "process $hung_79 or $folder_79 is left"
for memory in 77 78; do
  eval "wait \$start_$memory"
  grep -q "error\[unavailable\]: VM vm-$memory: could not be started: start guest vm-.*: QEMU of guest vm-.* does not answer on its control socket" "$T/start-$memory" &&
    ok "vm-$memory: does not answer" || fail "vm-$memory: $(cat "$T/start-$memory")"
done
wait "$start_79"
[ $((SECONDS - begin)) -ge 18 ] && [ $((SECONDS - begin)) -le 40 ] && ok "they are given up after 20 s" || fail "given up after $((SECONDS - begin)) s"
wait $stopped; took=$((SECONDS - stopping))
grep -qx "vm-97: goal 0.4, stopped" "$T/stopped" && [ "$(field vm-97 running) $(field vm-97 state)" = "False stopped" ] && [ $took -ge 29 ] && [ $took -le 50 ] &&
  ok "a goal of stopped ends a guest that does not hear of it, after $took s" || fail "after $took s: $(cat "$T/stopped"); $(field vm-97 state) $(field vm-97 reason)"
[ -n "$(field vm-97 bundle.digest)" ] && ok "and is signed for when it comes back" || fail "its goal is not signed"
want 0 "vm-97: goal 0.4, stopped" n vm change vm-97 --goal stopped
[ -z "$(pids main_pid)$(pids tpm_pid)" ] && ok "nothing of them is left" || fail "left: $(pids main_pid) $(pids tpm_pid)"
[ $bad = 0 ] || tail -n 20 "$S/natald.log"
exit $bad
