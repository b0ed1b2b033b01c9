#!/usr/bin/env python3
"""cloudparse.py FILE - what cloud-init does with a cloud-config before a module runs: read it, merge it into its own, judge it. The peer of parse."""
import sys

from cloudinit import mergers, util
from cloudinit.config.schema import validate_cloudconfig_schema

with open(sys.argv[1], encoding="utf-8") as f:
    config = util.load_yaml(f.read())
if not config:
    sys.exit("no cloud-config")
merged = mergers.construct(mergers.string_extract_mergers("dict(replace)+list()+str()")).merge({}, config)
validate_cloudconfig_schema(config=merged, strict=False)
