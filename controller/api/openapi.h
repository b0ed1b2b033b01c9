/* openapi.h - the API's description (OpenAPI 3.1), made from the tables that the server itself goes by: routes, parameters, schemas. */
#pragma once
#include "common/data/json.h"

/* The whole document; the caller's. */
struct json_object *openapi_document(void);
