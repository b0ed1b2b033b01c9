/* openapi_schema.h - the tables of fields as JSON Schema (2020-12), for openapi.h. */
#pragma once
#include "controller/http/request.h"

/* All that the routes name, and what they hold, into components.schemas. */
void openapi_schemas(struct json_object *into);
/* Its name there: by itself where no other has it. */
const char *openapi_schema_name(const struct schema *s, char out[64]);
