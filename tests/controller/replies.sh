#!/bin/bash
# replies - every route of a real natald, asked well and badly: each reply is compared with the schema that the route table says of it.
. "$(dirname "$0")/lib.sh"
command -v python3 > /dev/null || { echo "python3 is needed"; exit 77; }
mkdir "$T/image"; echo x > "$T/image/root.img"; echo x > "$T/image/initrd"
kernel > "$T/image/vmlinuz"
truncate -s 1M "$T/image/root.img"
doc() { echo "{\"kernel\":\"vmlinuz\",\"initrd\":\"initrd\",\"root\":\"root.img\",\"cmdline\":\"\",\"os\":\"debian-12\",\"built_at\":1700000000,\"rsa\":false,\"agent_version\":\"0\"$1}" > "$T/image/image.json"; }
doc ""
n key init > /dev/null || exit 1
export REPLIES_RECORD=$T/record
long=$(printf 'x%.0s' {1..70})
ask() { "$B/tests/tools/replies" "$S/natald.sock" > "$T/said" 2>&1 || { grep -v ^ok "$T/said"; bad=1; }; grep ^ok "$T/said"; }

# The first VM is followed by hand: its report makes the fuller documents.
n vm create told --host none --channel "unix:$T/told.sock" --medium-out "$T/told.iso" > /dev/null; guest told > /dev/null; n vm wait told --timeout 20 > /dev/null || fail "told is not provisioned"
ask <<END
2xx GET /v1/vms/told
2xx GET /v1/vms/told/events
409 GET /v1/vms/told/medium
END
grep -q '"phase"' <(n vm show told -o json) && ok "a machine with a report" || fail "told has no report"

openssl ecparam -name prime256v1 -genkey -noout -out "$T/key" 2> /dev/null && openssl req -new -key "$T/key" -subj /CN=x -out "$T/csr" || { echo "openssl is needed"; exit 77; }
token() { curl -sS --unix-socket "$S/natald.sock" -d "{\"role\":\"reader\",\"name\":\"$1\"}" http://n/v1/access | grep -o 'natal1_[^"]*'; }
enrol() { python3 -c 'import json,sys; print(json.dumps({"token": sys.argv[1], "csr": open(sys.argv[2]).read()}))' "$1" "$T/csr"; }
# Two that are born without a medium.
openssl genrsa -out "$T/ek.key" 2048 2> /dev/null && openssl rsa -in "$T/ek.key" -pubout -out "$T/ek.pem" 2> /dev/null
n vm create by-token --host none --birth token > /dev/null && n vm create by-ek --host none --birth ek --ek "$T/ek.pem" > /dev/null || fail "no newborn"
n vm birth-token by-token --out "$T/birth" > /dev/null
nonce=$(printf 'a1%.0s' {1..32})
born() { echo "{\"format\":1,\"uuid\":\"$(field "$1" uuid)\",\"nonce\":\"$nonce\",$2}"; }
sealed() { born by-ek "\"ek\":\"$("$src/tests/tools/ek.py" "$T/ek.pem")\",\"ak_name\":\"000b$1\""; }
can_run=0
command -v qemu-system-x86_64 > /dev/null && command -v swtpm_setup > /dev/null && can_run=1
export REPLIES_ALL=1
{
  cat <<END
2xx GET /v1/status
413 GET /v1/status?project=$long
400 GET /v1/status {"a":1}
2xx POST /v1/keys {"alg":"ecdsa-p256-sha256"}
409 POST /v1/keys {"alg":"ecdsa-p256-sha256"}
501 POST /v1/keys {"alg":"rsa"}
2xx GET /v1/keys
413 GET /v1/keys?project=$long
2xx GET /v1/keys/media-ecdsa-p256-sha256
404 GET /v1/keys/none
2xx POST /v1/keys/media-ecdsa-p256-sha256/rotate {"overlap_days":1}
409 POST /v1/keys/media-ecdsa-p256-sha256/rotate {}
2xx POST /v1/keys/media-ecdsa-p256-sha256/revoke
404 POST /v1/keys/none/revoke
2xx GET /v1/ca
413 GET /v1/ca?project=$long
2xx POST /v1/ca/csr {}
400 POST /v1/ca/csr {"subjct":"x"}
2xx POST /v1/ca/install $(n ca show -o json | python3 -c 'import json,sys; print(json.dumps({"chain": json.load(sys.stdin)["chain"]}))')
400 POST /v1/ca/install {"chain":"x"}
409 POST /v1/vms/by-ek/birth-token {}
404 POST /v1/vms/nowhere/birth-token {}
2xx POST /v1/birth $(born by-token "\"token\":\"$(cat "$T/birth")\"")
403 POST /v1/birth $(born by-token "\"token\":\"$(sed 's/.....$/AAAAA/' "$T/birth")\"")
400 POST /v1/birth $(born by-token "\"token\":\"\"")
2xx POST /v1/vms/by-token/birth-token?project=default {"hours":1}
501 POST /v1/birth {"format":2,"uuid":"x","nonce":"$nonce"}
2xx POST /v1/birth/challenge $(sealed "$nonce")
400 POST /v1/birth/challenge $(sealed "$nonce" | sed 's/000b/000c/')
403 POST /v1/birth/challenge $(sealed "$nonce" | sed 's/"uuid":"......../"uuid":"11111111/')
2xx POST /v1/access {"role":"operator","name":"alice","all_projects":true}
400 POST /v1/access {"role":"operater","name":"alice"}
400 POST /v1/access {"role":"guest","name":"alice"}
400 POST /v1/access {"role":"reader","name":"a/b"}
2xx POST /v1/enrol $(enrol "$(token rita)")
403 POST /v1/enrol $(enrol "$(token rob | sed 's,.....$,AAAAA,')")
400 POST /v1/enrol {"token":"x","csr":"y"}
400 POST /v1/access/renew {"csr":"x"}
# excused POST /v1/access/renew the unix socket has no certificate: tests/controller/listen.sh
# excused GET /v1/host/media/{name} hosts have certificates: tests/controller/hosts.sh
# excused GET /v1/host/carrier/{name} hosts have certificates: tests/controller/hosts.sh
403 GET /v1/host/media/x
403 GET /v1/host/carrier/x
409 POST /v1/access {"role":"reader","name":"rita"}
2xx GET /v1/access
413 GET /v1/access?project=$long
2xx POST /v1/access/alice/revoke
404 POST /v1/access/nobody/revoke
2xx GET /v1/hosts
413 GET /v1/hosts?project=$long
2xx GET /v1/pool
413 GET /v1/pool?project=$long
2xx POST /v1/pool/fill {"count":1}
413 POST /v1/pool/fill {"count":100001}
2xx POST /v1/pool/marks {"low":1,"high":2,"kind":"ssh-rsa-3072"}
404 POST /v1/pool/marks {"low":1,"high":2,"kind":"ssh-dsa"}
501 POST /v1/pool/marks?project=blue {"low":1,"high":2}
2xx POST /v1/images {"name":"debian-12","dir":"$T/image"}
404 POST /v1/images {"name":"debian-12","dir":"$T/none"}
400 POST /v1/images {"name":"Debian","dir":"$T/image"}
2xx GET /v1/images
413 GET /v1/images?project=$long
2xx GET /v1/images/debian-12
2xx GET /v1/audit?limit=2
2xx GET /openapi.json
400 GET /openapi.json?a=b
2xx GET /healthz
400 GET /healthz?a=b
2xx GET /readyz
400 GET /readyz?a=b
2xx GET /metrics
400 GET /metrics?a=b
400 GET /v1/audit?after=x
404 GET /v1/images/debian-13
2xx POST /v1/vms {"name":"here","image":"debian-12","forwards":[{"guest":22}],"memory_mb":64}
2xx POST /v1/vms {"name":"there","host":"none"}
409 POST /v1/vms {"name":"there","host":"none"}
2xx POST /v1/vms/check {"name":"there","host":"none"}
400 POST /v1/vms/check {"name":"There","host":"none"}
2xx POST /v1/vms/told/goal {"state":"draining"}
400 POST /v1/vms/told/goal {"state":"dreaming"}
501 POST /v1/vms/told/goal {"state":"running"}
404 POST /v1/vms {"name":"x","image":"debian-13"}
400 POST /v1/vms {"name":"x"}
400 POST /v1/vms {"name"
2xx GET /v1/vms
413 GET /v1/vms?project=$long
2xx GET /v1/vms/here
404 GET /v1/vms/nowhere
2xx GET /v1/vms/there/medium
404 GET /v1/vms/nowhere/medium
2xx GET /v1/vms/there/pin
2xx GET /v1/vms/there/spec
404 GET /v1/vms/nowhere/spec
404 GET /v1/vms/nowhere/pin
2xx GET /v1/vms/there/events?after=0
404 GET /v1/vms/nowhere/events
501 GET /v1/vms/told/log
404 GET /v1/vms/nowhere/log
2xx POST /v1/vms/there/reissue
404 POST /v1/vms/nowhere/reissue
501 POST /v1/vms/there/start
501 POST /v1/vms/there/stop
400 POST /v1/vms/here/stop?grace=601
END
  if [ $can_run = 1 ]; then cat <<END
2xx POST /v1/vms/here/start {}
2xx GET /v1/vms/here
2xx GET /v1/vms
409 POST /v1/vms/here/reissue
2xx GET /v1/vms/here/log?max=100
2xx GET /v1/vms/here/log?after=0
400 GET /v1/vms/here/log?after=x
2xx POST /v1/vms/here/console {"input":"DQ=="}
501 POST /v1/vms/told/console {"input":"DQ=="}
2xx POST /v1/vms/here/stop?force=1
END
  else echo "# excused POST /v1/vms/{name}/start no QEMU and swtpm here"; echo "# excused POST /v1/vms/{name}/stop no QEMU and swtpm here"; fi
  cat <<END
2xx POST /v1/backup {"dir":"$T/backup"}
409 POST /v1/backup {"dir":"$T/backup"}
2xx DELETE /v1/vms/there
404 DELETE /v1/vms/there
2xx DELETE /v1/vms/here
2xx DELETE /v1/images/debian-12
404 DELETE /v1/images/debian-12
2xx GET /v1/vms/told
413 POST /v1/daemon/stop?project=$long
2xx POST /v1/daemon/stop
END
} > "$T/requests"
ask < "$T/requests"
[ "$(grep -c ^ok "$T/said")" -ge 60 ] && ok "every route answered and refused, as its schema says" || fail "replies: $(tail -n 1 "$T/said")"

# And as its description says (OpenAPI), each operation.
unset REPLIES_RECORD
if python3 -c 'import jsonschema' 2>/dev/null; then
  "$B/natald" --openapi > "$T/openapi.json"
  grep '^# excused' "$T/requests" > "$T/excused"
  python3 "$(dirname "$0")/openapi.py" record "$T/openapi.json" "$T/record" "$T/excused" > "$T/said"; [ $? = 0 ] || bad=1; cat "$T/said"
else
  untried "python3-jsonschema is not here: nothing is compared with the description"
fi

# What an image.json may hold is known too.
unset REPLIES_ALL
n daemon stop > /dev/null 2>&1
doc ',"agent":"x"'; want 3 "image.json: unknown key 'agent'" n image register other --from "$T/image"
doc ',"os":5'; want 3 "image.json" n image register other --from "$T/image"
exit $bad
