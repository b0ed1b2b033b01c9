#!/bin/sh
# layers.sh - includes point down the stack, never up or sideways.
cd "${srcdir:-.}" || exit 1
bad=0
deny() { # deny FOLDER PATTERN: no source below FOLDER includes a header matching PATTERN
  [ -d "$1" ] || return 0
  grep -rnE --include='*.[ch]' "#include \"($2)" "$1" && bad=1
}
deny common            'agent/|controller/'
deny agent             'controller/'
deny controller        'agent/'
deny common/base       'common/[^b]'
deny common/data       'common/(media|wire|verify|crypto|userdata|schema|network|lint)/'
deny common/userdata   'common/(media|wire|verify|schema|network|lint)/'
deny common/schema     'common/(media|wire|verify|userdata|network|lint)/'
deny common/network    'common/(media|wire|verify|userdata|schema|lint)/'
deny common/lint       'common/(media|wire|verify|crypto)/'
deny common/crypto     'common/(media|wire|verify|data)/'
deny common/http        'common/(media|wire|verify|userdata|schema|network|lint)/'
deny common/media      'common/(wire|verify)/'
deny common/wire       'common/verify/'
deny agent/plan        'agent/apply/'
deny agent/module      'agent/apply/'
deny agent/config      'agent/(apply|plan)/'
deny controller/service 'controller/(http|api|cli)/|sqlite|microhttpd'
deny controller/store  'controller/(http|api|service|host|cli)/'
deny controller/host   'controller/(store|service|api)/'
deny controller/hostd  'controller/(store|service|api|http|cli|natald|signer|crypto)/'
exit $bad
