#!/bin/bash
# bake - what `natalctl image bake` gives an image as its policy, and what it refuses before it begins. natal-bake's place is taken by a
# script that keeps what it was told: the policy is checked without a bake, natal-bake's own checks by natal-bake.
. "$(dirname "$0")/lib.sh"
command -v python3 > /dev/null || { echo "python3 is needed"; exit 77; }
real=$(realpath "$src/packaging/bake/natal-bake")
cat > "$T/natal-bake" <<'END'
#!/bin/bash
while [ $# -gt 0 ]; do case $1 in --out) out=$2;; --policy-json) policy=$2;; esac; shift 2; done
mkdir -p "$out"; printf '%s' "$policy" > "$out/policy.json"
for f in root.img vmlinuz initrd; do echo x > "$out/$f"; done
echo '{"kernel":"vmlinuz","initrd":"initrd","root":"root.img","cmdline":"","os":"debian-12","built_at":1,"agent_version":"0"}' > "$out/image.json"
END
chmod +x "$T/natal-bake"; export NATAL_BAKE=$T/natal-bake
echo x > "$T/agent.deb"
bake() { n image bake "$@" --package "$T/agent.deb" --out "$T/image"; }
# policy EXPRESSION: of p, the policy; of id, the keys' ids by name
policy() { python3 -c 'import json,sys
p=json.load(open(sys.argv[1])); id={k["name"]: k["id"] for k in json.loads(sys.argv[2])["keys"]}
sys.exit(0 if eval(sys.argv[3]) else "%s, wanted %s" % (p, sys.argv[3]))' "$T/image/policy.json" "$(n key list -o json)" "$1"; }
baked() { local what=$1 expression=$2; shift 2; bake debian-12 "$@" > /dev/null && policy "$expression" && ok "$what" || fail "$what: $* $(cat "$T/image/policy.json")"; }

# ---- refused before a state folder or an image's folder is made
want 2 "error[usage]: --size 12: 400 to 1048576" bake debian-12 --size 12
want 2 "error[usage]: --size '2G' is no number" bake debian-12 --size 2G
want 2 "error[usage]: --min-format 2: 1 to 1" bake debian-12 --min-format 2
want 2 "error[usage]: natalctl image bake: --package DEB is missing" n image bake debian-12
want 6 "error[not-found]: --package: there is no $T/none.deb" n image bake debian-12 --package "$T/none.deb"
want 6 "error[not-found]: --overlay: there is no $T/none" bake debian-12 --overlay "$T/none"
[ -e "$S" ] || [ -e "$T/image" ] && fail "something was made" || ok "nothing was made"

# ---- the policy
n key init > /dev/null; n key init --alg ecdsa-p256-sha256 --name p > /dev/null; n key init --name spare > /dev/null
baked "the default policy: any key, both algorithms, an absurd clock is a warning" \
  'p["min_format"]==1 and p["algorithms"]==["ed25519","ecdsa-p256-sha256"] and p["require"]==[] and p["clock"]=="warn" and p["built_at"]>1700000000 and p["mode"]=="provision" and p["command_wait_s"]==3600 and len(p)==8'
baked "each --require is a group of its own" 'p["require"]==[[id["p"]],[id["spare"]]]' --require p --require spare
baked "an either-or group" 'p["require"]==[[id["media-ed25519"]],[id["p"],id["spare"]]]' --require media-ed25519 --require p,spare
baked "one algorithm" 'p["algorithms"]==["ecdsa-p256-sha256"]' --algorithm ecdsa-p256-sha256
baked "both algorithms, named" 'p["algorithms"]==["ed25519","ecdsa-p256-sha256"]' --algorithm ecdsa-p256-sha256 --algorithm ed25519
baked "the least format, and a clock that is refused" 'p["min_format"]==1 and p["clock"]=="refuse"' --min-format 1 --clock refuse
baked "mode delegate, and how long cloud-init may take" 'p["mode"]=="delegate" and p["cloud_init_wait_s"]==60' --mode delegate --cloud-init-wait 60
baked "how long commands may take" 'p["command_wait_s"]==7200' --command-wait 7200
spki=sha256//dB8OBHFdnpU57P9MmluYYutzPnK4DjzPZmp19yRuXo8=
baked "nothing is fetched without an option" '"fetch" not in p'
baked "what may be fetched (--fetch-host, --fetch-hash)" 'p["fetch"]=={"hash":True,"hosts":[{"name":"files.example.net","port":443,"spki":"'$spki'"},{"name":"h","port":8443,"spki":"'$spki'"}]}' \
  --fetch-hash --fetch-host "Files.example.net=$spki" --fetch-host "h:8443=$spki"
baked "whom to ask without a medium (--birth, --birth-pin)" 'p["birth"]=={"server":"https://natal.example:8443","pin":"741f0e04715d9e9539ecff4c9a5b9862eb733e72b80e3ccf666a75f7246e5e8f"}' \
  --birth https://Natal.example:8443 --birth-pin "$spki"
baked "the pin alone: the machine says where" 'list(p["birth"])==["pin"]' --birth-pin "$spki"
rm -rf "$T/image"
want 2 "error[usage]: --birth without --birth-pin" bake debian-12 --birth https://natal.example
want 2 "error[usage]: --birth: 'http://natal.example' is not https://HOST:PORT" bake debian-12 --birth http://natal.example --birth-pin "$spki"
want 5 "mode is delegate, and birth has guests ask" bake debian-12 --mode delegate --birth-pin "$spki"
want 2 "error[usage]: --birth-pin: pin 'sha256//AAAA' is neither" bake debian-12 --birth-pin sha256//AAAA
want 2 "--algorithm 'ed2551' is unknown" bake debian-12 --algorithm ed2551
want 2 "did you mean 'ed25519'?" bake debian-12 --algorithm ed2551
want 6 "--require: there is no media key 'q'" bake debian-12 --require p,q
want 2 "--require '': the name of a media key is wanted" bake debian-12 --require p,
want 2 "--require media-ed25519,spare: --algorithm forbids the algorithm of each, no medium could be accepted" \
  bake debian-12 --require media-ed25519,spare --algorithm ecdsa-p256-sha256
want 2 "error[usage]: --fetch-host: 'files' is not NAME[:PORT]=sha256//BASE64" bake debian-12 --fetch-host files
want 2 "spki 'sha256//AAAA' is not sha256// and the base64 of 32 bytes" bake debian-12 --fetch-host files=sha256//AAAA
want 2 "did you mean 'warn'?" bake debian-12 --clock wran
want 2 "did you mean 'delegate'?" bake debian-12 --mode delgate
want 2 "--cloud-init-wait" bake debian-12 --mode delegate --cloud-init-wait 0
want 2 "--command-wait" bake debian-12 --command-wait 86401
want 3 "require has 9 entries: 8 at most" bake debian-12 $(printf -- '--require p %.0s' {1..9})
rm "$S/trust.d/p.pub"
want 2 "--algorithm forbids the algorithm of every key in $S/trust.d" bake debian-12 --algorithm ecdsa-p256-sha256
[ -e "$T/image" ] && fail "a refused bake made its folder" || ok "a refused bake makes no folder"

# ---- natal-bake itself, asked through natalctl and without it
export NATAL_BAKE=$real
want 2 "error[usage]: --suite 'bokworm' is not among those of /etc/apt/" bake debian-12 --suite bokworm
direct() { "$real" --out "$T/image" --trust "$S/trust.d" --policy-json '{}' --package "$T/agent.deb" "$@"; }
want 2 "natal-bake: --size '10x' is not a number of MB from 400" direct --size 10x
want 2 "natal-bake: --size '399' is not a number of MB from 400" direct --size 399
want 2 "natal-bake: --overlay: no folder '$T/none'" direct --overlay "$T/none"
[ -e "$T/image" ] && fail "natal-bake made its folder" || ok "natal-bake makes no folder for a wrong option"
exit $bad
