/* completion_scripts.c - natalctl completion: what a shell evaluates. The knowledge is in complete.c; these ask it. */
#include <stdio.h>
#include <string.h>
#include "controller/cli/cli.h"

static const char bash[] =
	"_natalctl() {\n"
	"  local line p= c=${COMP_WORDS[COMP_CWORD]}\n"
	"  COMPREPLY=()\n"
	"  while IFS= read -r line; do\n"
	"    case $line in\n"
	"    :files) compopt -o filenames 2>/dev/null; COMPREPLY+=($(compgen -f -- \"${c#=}\"));;\n"
	"    :dirs) compopt -o filenames 2>/dev/null; COMPREPLY+=($(compgen -d -- \"${c#=}\"));;\n"
	"    :prefix*) p=${line#*$'\\t'};;\n"
	"    *) COMPREPLY+=(\"$p${line%%$'\\t'*}\");;\n"
	"    esac\n"
	"  done < <(\"${COMP_WORDS[0]}\" __complete \"${COMP_WORDS[@]:1:COMP_CWORD}\" 2>/dev/null)\n"
	"}\n"
	"complete -F _natalctl natalctl\n";

static const char zsh[] =
	"#compdef natalctl\n"
	"_natalctl() {\n"
	"  local line word what p=\n"
	"  local -a described\n"
	"  for line in \"${(@f)$(\"${words[1]}\" __complete \"${(@)words[2,CURRENT]}\" 2>/dev/null)}\"; do\n"
	"    case $line in\n"
	"    '') ;;\n"
	"    :files) _files;;\n"
	"    :dirs) _files -/;;\n"
	"    :prefix*) compset -P '*=';;\n"
	"    *) word=${line%%$'\\t'*} what=${line#*$'\\t'}\n"
	"       described+=(\"${word//:/\\\\:}${what:+:$what}\");;\n"
	"    esac\n"
	"  done\n"
	"  (( $#described )) && _describe -V natalctl described\n"
	"}\n"
	"if [[ ${funcstack[1]-} = _natalctl ]]; then _natalctl \"$@\"; else compdef _natalctl natalctl; fi\n";

static const char fish[] =
	"function __natalctl_complete\n"
	"  set -l words (commandline -opc)\n"
	"  set -l current (commandline -ct)\n"
	"  set -l before\n"
	"  for line in ($words[1] __complete $words[2..-1] \"$current\" 2>/dev/null)\n"
	"    switch $line\n"
	"      case ':files'\n"
	"        __fish_complete_path (string replace -r '^--[a-z-]*=' '' -- $current)\n"
	"      case ':dirs'\n"
	"        __fish_complete_directories (string replace -r '^--[a-z-]*=' '' -- $current)\n"
	"      case ':prefix*'\n"
	"        set before (string split -f 2 \\t -- $line)\n"
	"      case '*'\n"
	"        echo \"$before$line\"\n"
	"    end\n"
	"  end\n"
	"end\n"
	"complete -c natalctl -f -a '(__natalctl_complete)'\n";

int cmd_completion(struct cli *cli, struct err *e)
{
	static const struct { const char *shell, *script; } scripts[] = { { "bash", bash }, { "zsh", zsh }, { "fish", fish } };

	(void)e;
	for (size_t i = 0; i < ARRAY_SIZE(scripts); i++)
		if (strcmp(scripts[i].shell, cli->verb->verb) == 0)
			fputs(scripts[i].script, stdout);
	return 0;
}
