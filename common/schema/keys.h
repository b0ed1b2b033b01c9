/* keys.h - how the tables of keys are written down; for keys_*.c alone. */
#pragma once
#include "common/schema/schema.h"
#include "common/schema/forms.h"

#define K(kind) (1u << NODE_##kind)
/* cloud-init takes bytes (!!binary) for text. */
#define K_TEXT (K(TEXT) | K(BYTES))

#define SHAPE(...) (&(const struct shape){ __VA_ARGS__ })
#define FIELDS(...) (const struct field[]){ __VA_ARGS__, { 0 } }
#define LIST_OF_WORDS(...) (const char *const[]){ __VA_ARGS__, NULL }
#define ONE_OF(...) .choice = (const struct choice[]){ { LIST_OF_WORDS(__VA_ARGS__), false }, { 0 } }
#define SOME_OF(...) .choice = (const struct choice[]){ { LIST_OF_WORDS(__VA_ARGS__), true }, { 0 } }

#define ANYTHING SHAPE(.kinds = 0)
#define TEXT SHAPE(.kinds = K_TEXT)
#define BOOL SHAPE(.kinds = K(BOOL))
#define INT SHAPE(.kinds = K(INT))
#define TEXT_OR_NULL SHAPE(.kinds = K_TEXT | K(NULL))
#define COUNT SHAPE(.kinds = K(INT) | K(FLOAT), .limited = true)
#define WORD(...) SHAPE(.kinds = K_TEXT, .words = LIST_OF_WORDS(__VA_ARGS__))
#define LIST(...) SHAPE(.kinds = K(LIST), .items = __VA_ARGS__)
#define TEXTS LIST(TEXT)
#define SOME_TEXTS LIST(TEXT, .min = 1)
#define UNIQUE_TEXTS LIST(TEXT, .unique = true)
#define MAP(...) SHAPE(.kinds = K(MAP), .fields = FIELDS(__VA_ARGS__))
#define FILLED_MAP(...) SHAPE(.kinds = K(MAP), .filled = true, .fields = FIELDS(__VA_ARGS__))
#define OPEN_MAP(...) SHAPE(.kinds = K(MAP), .open = true, .fields = FIELDS(__VA_ARGS__))
#define ANY_MAP SHAPE(.kinds = K(MAP), .open = true)
/* A map from names to values of one shape. */
#define NAMED(...) SHAPE(.kinds = K(MAP), .named = form_some, .name_form = "any text but an empty one", .others = __VA_ARGS__)
#define ANY(...) SHAPE(.any = (const struct shape *const[]){ __VA_ARGS__, NULL })
/* A command: a text for a shell, or words. */
#define COMMAND ANY(TEXT, TEXTS)
#define OLD_TEXT(version, ...) SHAPE(.kinds = K_TEXT, .since = version, .instead = __VA_ARGS__)

#define F(key, of, ...) { .name = key, .shape = of, __VA_ARGS__ }
#define REQUIRED .required = true
#define OLD(version, other) .since = version, .instead = other
#define IGNORED(reason) .support = SUPPORT_IGNORED, .why = reason
#define REFUSED(reason) .support = SUPPORT_REFUSED, .why = reason

#define MODULE(id, module_name, how, reason, ...) \
	const struct schema_module schema_##id = { .name = module_name, .support = SUPPORT_##how, .why = reason, .keys = FIELDS(__VA_ARGS__) }
#define KEYS_APPLIED(id, ...) MODULE(id, #id, APPLIED, NULL, __VA_ARGS__)
