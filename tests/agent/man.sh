#!/bin/sh
# man - every verb, option, module and key of the agent's tables is in its page; help names every verb and option.
cd "${srcdir:-.}" || exit 1
page=agent/natal-agent.8 bad=0
words() { tr ' ,' '\n\n' < "$page" | sed 's/[.;:()]*$//; s/^[(]*//'; }
need() { words | grep -qxF -- "$1" || { echo "$2 '$1' is not in $page"; bad=1; }; }
for verb in $(sed -n 's/^	{ "\([a-z]*\)", \(NULL\|"\([a-z]*\)"\), ".*verb_.*/\1 \3/p' agent/verbs.c); do need "$verb" verb; verbs="$verbs $verb"; done
for option in $(sed -n 's/^	{ "--*\([a-z]*\)", "[A-Z]*", ".*/\1/p' agent/verbs.c); do
  words | grep -qxE -- "-?$option" || { echo "option '$option' is not in $page"; bad=1; }; options="$options $option"
done
for module in $(sed -n 's/^	{ "\([a-z_]*\)", *STAGE_.*/\1/p' agent/module/modules.c); do need "$module" module; modules="$modules $module"; done
for key in $(grep -ohE '(KEY|USER)\((struct [a-z_]+, )?[a-z_0-9]+, WANT' agent/config/*.c | sed -E 's/.*[(, ]([a-z_0-9]+), WANT/\1/') \
           $(grep -ohE '(NIC|KEY_AS)\("[a-z_0-9-]+"' agent/config/*.c | sed 's/.*"\(.*\)"/\1/'); do
  case $key in network|version|ethernets|bonds|bridges|vlans|wifis|renderer|config|to|via|metric|on-link|name|addresses|search) continue;; esac
  need "$key" key; keys="$keys $key"
done
[ "$(echo $verbs | wc -w)" -ge 6 ] && [ "$(echo $options | wc -w)" -ge 5 ] && [ "$(echo $modules | wc -w)" -ge 12 ] && [ "$(echo $keys | wc -w)" -ge 35 ] ||
  { echo "the tables were not read:$verbs |$options |$modules |$keys"; bad=1; }
exit $bad
