#!/usr/bin/env python3
"""compare CLOUD NATAL EXPLAINED SEED - the two guests of one seed side by side: every difference is explained, or fails.

EXPLAINED has lines "SEED PATTERN REASON": SEED may be "*", PATTERN is an fnmatch of "WHAT NAME" with blanks written
as "_", or several with "|" between them."""
import fnmatch, json, re, sys

def load(path):
    return json.loads(open(path, 'rb').read().split(b'\0')[0])

def accounts(o):
    said = {}
    for table in ('passwd', 'group', 'shadow', 'gshadow'):
        for line in o['accounts'][table].splitlines():
            f = line.split(':')
            if table == 'shadow':       # a salt is a salt: its method, and whether it is locked
                hash_ = f[1]
                f[1] = ('!' if hash_.startswith('!') else '') + (re.match(r'!?(\$[0-9a-z]+\$)?', hash_).group(1) or ('' if len(hash_) < 3 else 'x'))
                f[2] = '0' if f[2] == '0' else 'day'
            if table in ('group', 'gshadow'):
                f[3] = ','.join(sorted(f[3].split(',')))
            said[f'{table} {f[0]}'] = ':'.join(f)
    return said

def network(o):
    said = {}
    for link in o['addresses']:
        if link['ifname'] == 'lo':
            continue
        said[f'link {link["ifname"]}'] = (link.get('mtu'), link.get('operstate'), link.get('address'))
        for a in link.get('addr_info', []):
            if a['scope'] == 'global' and not a.get('mngtmpaddr'):
                said[f'address {link["ifname"]} {a["local"]}/{a["prefixlen"]}'] = a.get('dynamic', False)
    for r in o['routes']:
        said[f'route {r["dst"]} {r.get("gateway")} {r.get("dev")} {r.get("metric")}'] = True
    return said

def meaning(text):
    """Comments, blank lines, quotes, the width of white space and the agents' own units apart."""
    if text is None:
        return None
    text = re.sub(r'x-systemd\.(requires=cloud-init|after=natal-early)\.service', 'x-systemd.after=AGENT', text)
    lines = [' '.join(line.replace('"', '').split()) for line in text.splitlines()]
    return '\n'.join(line for line in lines if line and not line.startswith('#'))

def rules(o):
    """What sudo is told, whichever of its files says it, and whoever wrote them."""
    said = set()
    for path, f in o['files'].items():
        if path.startswith('/etc/sudoers.d/') and f['kind'] == 'file':
            assert (f['mode'], f['owner']) == ('0440', '0:0'), (path, f)
            said |= set(meaning(f['text']).splitlines())
    return {f'sudo rule {line}': True for line in said}

def is_empty_ssh(files, path):
    """An authorized_keys without a key, and a folder with nothing else."""
    f = files[path]
    if path.endswith('/.ssh/authorized_keys'):
        return f['kind'] == 'file' and not meaning(f.get('text', 'x'))
    return path.endswith('/.ssh') and f['kind'] == 'dir' and all(is_empty_ssh(files, p) for p in files if p.startswith(path + '/'))

def files(o):
    said = {}
    swaps = {line.split()[0] for line in o['swaps'].splitlines()[1:]}
    for path, f in o['files'].items():
        if path in ('/etc/passwd', '/etc/group', '/etc/shadow', '/etc/gshadow'):
            continue                    # line by line above
        if path == '/var/lib/dpkg/lock-frontend':
            continue                    # a lock
        if path.startswith('/etc/ssh/ssh_host_'):
            f = {**f, 'text': 'a key'}
        if path.startswith('/etc/sudoers.d') or is_empty_ssh(o['files'], path):
            continue                    # by its rules; not made where there is no key
        if path.startswith('/etc/systemd/network/') and f['kind'] == 'file' and 'text' in f:
            lines = meaning(f['text']).split('\n')
            if path.endswith('.network') and any(line.startswith('MACAddress=') for line in lines):
                lines = [line for line in lines if not line.startswith('Name=')]        # cloud-init asks for the new name beside the address that it is found by
            f = {**f, 'owner': 'any', 'text': '\n'.join(sorted(lines))}     # cloud-init gives it to systemd-network, which reads it all the same
        if path.endswith('/.ssh/authorized_keys') and 'text' in f:
            f = {**f, 'text': '\n'.join(sorted(meaning(f['text']).split('\n')))}       # cloud-init takes them from a set, whose order is chance
        if path in swaps:               # each has an identifier of its own
            f = {**f, 'text': 'a swap file'}
        said[f'file {path}'] = (f['kind'], f['mode'], f['owner'], f.get('target') or meaning(f.get('text')) or f.get('sha256'))
    return said

def facts(o):
    said = {**accounts(o), **network(o), **files(o), **rules(o), 'hostname': o['hostname'], 'fqdn': o['fqdn']}
    for unit, state in o['units'].items():
        if state != 'inactive':         # which of those are loaded is a matter of the moment
            said[f'unit {unit}'] = state
    for line in o['mounts'].splitlines():
        said['mount ' + line.split()[0]] = line
    for line in o['swaps'].splitlines()[1:]:
        said['swap ' + line.split()[0]] = True
    for line in o['blkid'].splitlines():
        said['blkid ' + line.split(':')[0]] = sorted(re.findall(r'\b(LABEL|TYPE|PARTLABEL|PTTYPE)="([^"]*)"', line))
    for line in o['packages'].splitlines():
        said['package ' + line.split()[0]] = line
    return said

UNITS = {'cloud-init': ('cloud-init-local', 'cloud-init', 'cloud-config', 'cloud-final'), 'natal': ('natal-early', 'natal-late')}
LEAST = 10      # times less CPU time than cloud-init's units
LEAST_WITH_RSA = 1      # most of it is ssh-keygen's search for primes, which ends when it ends: 5 to 67 s of processor, where both run it once
SAME = {'system': 'locale-gen', 'packages': 'apt-get', 'disks': 'mke2fs', 'mounts': 'mkswap'}    # seeds most of whose time goes to a program that both run

def o_seconds(o, unit):
    used = o['times'].get(unit, {}).get('CPUUsageNSec', '')
    return int(used) / 1e9 if used.isdigit() else 0

def seconds(o, who):
    """CPU and wall-clock seconds of the units that the boot waits for."""
    t = [o['times'].get(unit, {}) for unit in UNITS[who]]
    number = lambda d, key: int(d[key]) if d.get(key, '').isdigit() else 0
    return (sum(number(d, 'CPUUsageNSec') for d in t) / 1e9,
        sum(number(d, 'ExecMainExitTimestampMonotonic') - number(d, 'ExecMainStartTimestampMonotonic') for d in t) / 1e6)

def times(a, b, seed):
    """What the two cost. False: natal's units take more than a tenth of the time of cloud-init's."""
    (cpu_a, wall_a), (cpu_b, wall_b) = seconds(a, 'cloud-init'), seconds(b, 'natal')
    if not cpu_a or not cpu_b:
        print(f'{seed}: no times are known')
        return False
    bar = f'both run {SAME[seed]}: no bar' if seed in SAME else f'{LEAST} at least'
    print(f'{seed}: units take {cpu_b:.2f} s of CPU where cloud-init takes {cpu_a:.2f} ({cpu_a / cpu_b:.1f} times less; {bar}), '
        f'{wall_b:.1f} s of {wall_a:.1f} by the clock')
    behind = o_seconds(b, 'natal-behind')
    if '/etc/ssh/ssh_host_rsa_key' in b['files'] and not behind and cpu_b < 5:
        print(f'{seed}: there is an RSA host key, and nobody knows what natal-behind took for it')
        return False
    if behind:
        print(f'{seed}: with natal-behind, which makes the RSA host key and no boot waits for, {cpu_b + behind:.2f} s of {cpu_a:.2f} ({cpu_a / (cpu_b + behind):.1f} times less; '
            f'{LEAST_WITH_RSA} at least): both run ssh-keygen')
    return seed in SAME or (cpu_a >= LEAST * cpu_b and cpu_a >= LEAST_WITH_RSA * (cpu_b + behind))

def secrets(o, seed):
    """False: a secret of the seed is where others than root can read it, in a log, or in what natal says."""
    open_ = [f'{path} ({mode})' for path, mode in sorted(o['secrets'].items())
        if mode == 'said' or int(mode, 8) & 0o077 or path.startswith(('/var/log', '/run/log', '/tmp'))]
    kept = len(o['secrets']) - len(open_)
    if o['secrets']:
        print(f'{seed}: secrets are in {kept} files that only root reads' + ''.join(f'\n  and in {where}' for where in open_))
    return not open_

def main():
    cloud, natal, explained, seed = sys.argv[1:5]
    one, other = load(cloud), load(natal)
    a, b = facts(one), facts(other)
    rules = [line.split(None, 2) for line in open(explained) if line.strip() and not line.startswith('#')]
    used, bad, known = set(), 0, []
    assert len(rules) <= 10, 'more than ten kinds of differences are explained'
    for key in sorted(set(a) | set(b)):
        if a.get(key) == b.get(key):
            continue
        hit = next((i for i, r in enumerate(rules) if r[0] in ('*', seed) and any(fnmatch.fnmatchcase(key.replace(' ', '_'), one) for one in r[1].split('|'))), None)
        if hit is None:
            bad += 1
            print(f'{seed}: {key}\n  cloud-init: {a.get(key)!r:.600}\n  natal:      {b.get(key)!r:.600}')
        else:
            used.add(hit)
            known.append(key)
    print(f'{seed}: {len(a)} facts, {len(known)} differences of {len(used)} kinds explained, {bad} not')
    for i in sorted(used):
        print(f'  {rules[i][1]}: {rules[i][2].strip()}')
    if bad:
        print('natal said:\n' + other['journal'][-4000:])
    kept = secrets(other, seed)
    if seed == 'passwords' and not other['secrets']:
        print('passwords: no secret was found anywhere, not even where it belongs: this check is blind')
        kept = False
    return 0 if times(one, other, seed) and kept and not bad else 1

sys.exit(main())
