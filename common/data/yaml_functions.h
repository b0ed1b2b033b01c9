/* yaml_functions.h - what of libyaml reads a document; see common/base/late.h. */
#pragma once
#include <yaml.h>

#define YAML_FUNCTIONS(X) \
	X(yaml_parser_initialize) X(yaml_parser_delete) X(yaml_parser_set_input_string) X(yaml_parser_set_encoding) X(yaml_parser_parse) \
	X(yaml_event_delete)
