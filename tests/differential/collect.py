#!/usr/bin/python3
"""collect - what a guest looks like after its first boot, as one JSON text on the disk called "collect"; then the guest ends.

Runs in the guest (collect.service), once the boot has come to its end."""
import base64, hashlib, json, os, stat, subprocess, sys

MARK = os.stat('/etc/differential-baked').st_mtime
SKIP = ('/proc', '/sys', '/run', '/dev', '/tmp', '/var/tmp', '/var/cache', '/var/log', '/var/lib/cloud', '/var/lib/natal', '/var/lib/apt/lists',
        '/var/lib/systemd', '/boot', '/lost+found')

def run(*argv):
    return subprocess.run(argv, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True).stdout

def one(path):
    st = os.lstat(path)
    kind = {stat.S_IFREG: 'file', stat.S_IFDIR: 'dir', stat.S_IFLNK: 'link'}.get(stat.S_IFMT(st.st_mode), 'other')
    if kind != 'dir' and st.st_mtime <= MARK and st.st_ctime <= MARK:
        return None
    o = {'kind': kind, 'mode': '%04o' % stat.S_IMODE(st.st_mode), 'owner': '%d:%d' % (st.st_uid, st.st_gid)}
    if kind == 'link':
        o['target'] = os.readlink(path)
    if kind == 'file':
        data = open(path, 'rb').read(1 << 20)
        o['sha256'] = hashlib.sha256(data).hexdigest()
        if len(data) < 20000 and b'\0' not in data:
            o['text'] = data.decode('latin-1')
    return o

def tree():
    found = {}
    for top, dirs, files in os.walk('/'):
        dirs[:] = [d for d in dirs if os.path.join(top, d) not in SKIP]
        for name in dirs + files:
            path = os.path.join(top, name)
            try:
                o = one(path)
            except OSError:
                continue
            if o:
                found[path] = o
    return found

def units():
    said = {}
    for line in run('systemctl', 'list-units', '--all', '--plain', '--no-legend', '--type=service,mount,swap').splitlines():
        words = line.split(None, 4)
        if len(words) > 3 and words[1] == 'loaded':
            said[words[0]] = words[2]
    return said

def times():
    said = {}
    for unit in ('cloud-init-local', 'cloud-init', 'cloud-config', 'cloud-final', 'natal-early', 'natal-late', 'natal-behind', 'ssh'):
        show = dict(l.split('=', 1) for l in run('systemctl', 'show', unit, '-p',
            'ExecMainStartTimestampMonotonic,ExecMainExitTimestampMonotonic,CPUUsageNSec,MemoryPeak').splitlines() if '=' in l)
        said[unit] = show
    return said

SECRET = b'plan' + b'ted-'       # not a file that has it itself
TOLD = (('status',), ('status', '--format', 'json'), ('plan',), ('plan', '-o', 'json'), ('query',), ('analyze', 'show'), ('collect-logs', '--to', '/run/logs.tar'))

def secrets():
    """Where the seed's secrets can be read: files with their modes, and what natal's verbs say."""
    found = {}
    for top, dirs, files in os.walk('/'):
        dirs[:] = [d for d in dirs if os.path.join(top, d) not in ('/proc', '/sys', '/dev')]
        for name in files:
            path = os.path.join(top, name)
            try:
                st = os.lstat(path)
                if stat.S_ISREG(st.st_mode) and (st.st_mtime > MARK or st.st_ctime > MARK) and SECRET in open(path, 'rb').read():
                    found[path] = '%04o' % stat.S_IMODE(st.st_mode)
            except OSError:
                continue
    for words in TOLD:
        if SECRET in subprocess.run(('natal-agent',) + words, stdout=subprocess.PIPE, stderr=subprocess.STDOUT).stdout:
            found['natal-agent ' + ' '.join(words)] = 'said'
    if SECRET in subprocess.run(('journalctl', '-b', '-o', 'json'), stdout=subprocess.PIPE).stdout:
        found['journalctl'] = 'said'
    if os.path.exists('/run/logs.tar') and SECRET in subprocess.run(('tar', '-xOf', '/run/logs.tar'), stdout=subprocess.PIPE).stdout:
        found['natal-agent collect-logs'] = 'said'
    return found

subprocess.run(['systemctl', 'is-system-running', '--wait'], stdout=subprocess.DEVNULL)
all_ = {
    'secrets': secrets(), 'files': tree(), 'units': units(), 'times': times(),
    'accounts': {name: open('/etc/' + name).read() for name in ('passwd', 'group', 'shadow', 'gshadow')},
    'hostname': run('hostname'), 'fqdn': run('hostname', '-f'),
    'addresses': json.loads(run('ip', '-j', 'addr')), 'routes': json.loads(run('ip', '-j', 'route')), 'routes6': json.loads(run('ip', '-j', '-6', 'route')),
    'mounts': run('findmnt', '-rno', 'TARGET,SOURCE,FSTYPE,OPTIONS', '--real'), 'swaps': open('/proc/swaps').read(),
    'blkid': run('blkid'), 'packages': run('dpkg-query', '-W', '-f', '${Package} ${Status}\n'),
    'ssh_up': open('/run/ssh-up').read() if os.path.exists('/run/ssh-up') else '',     # /proc/stat
    'uptime': open('/proc/uptime').read().split()[0],
    'journal': run('journalctl', '-b', '-o', 'cat', '-u', 'natal-early', '-u', 'natal-late')[-20000:],
    'analyze': run('natal-agent', 'analyze', 'show'), 'chain': run('systemd-analyze', '--no-pager', 'critical-chain', 'ssh.service'),
    'cloud': run('sh', '-c', 'grep -E "WARN|ERROR|Trace" /var/log/cloud-init.log 2>/dev/null | tail -n 40'),
}
with open('/dev/disk/by-id/virtio-collect', 'wb') as out:
    out.write(json.dumps(all_).encode() + b'\n\0')
    out.flush()
    os.fsync(out.fileno())
subprocess.run(['systemctl', 'poweroff', '--no-block'])
