/* scalar.h - what a plain scalar of YAML 1.1 is: PyYAML 6.0's implicit resolvers (resolver.py) and its constructors' values. */
#pragma once
#include "common/data/node.h"

/* The kind that a plain scalar of this spelling resolves to; NODE_TEXT where none of the others matches. */
enum node_kind scalar_kind(const char *text, size_t n);
/* Sets the value of a node whose kind and text are set. false: no value of that kind is spelt so ("0b_", February 30th). */
bool scalar_value(struct node *n);
