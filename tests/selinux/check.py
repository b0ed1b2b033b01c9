#!/usr/bin/env python3
"""check GUEST.json OTHERS - what collect.py has seen, but for the lines that OTHERS (regular expressions) names, is as it must be."""
import json, re, sys

said = json.loads(open(sys.argv[1], 'rb').read().split(b'\0')[0])
others = [re.compile(line) for line in open(sys.argv[2]).read().splitlines() if line and not line.startswith('#')]
bad = []

def natals(lines):
    return [line for line in lines if not any(o.search(line) for o in others)]

if said['mode'] != 'Enforcing':
    bad.append(f"the guest does not enforce: {said['mode']}")
if '"provisioned"' not in said['natal']:
    bad.append(f"natal: {said['natal'][:2000]}\n{said['journal']}")
if said['ssh'] != 'active':
    bad.append(f"sshd is {said['ssh']}")
if not all(path in said['labels'] for path in ('/home/alice/.ssh/authorized_keys', '/srv/made/here')):
    bad.append(f"files are missing: {said['labels']}")
bad += natals(said['denied']) + natals(said['would_relabel'])
print(f"{said['mode']}: {len(said['denied'])} denials, {len(said['would_relabel'])} labels that are not the policy's; of natal {len(bad)}")
for line in bad:
    print(' ', line)
sys.exit(1 if bad else 0)
