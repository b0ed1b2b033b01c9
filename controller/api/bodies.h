/* bodies.h - the request bodies that handlers decode. */
#pragma once
#include "common/data/json.h"

struct key_init { char alg[32], name[64]; };
struct key_rotate { char alg[32], name[64]; uint64_t overlap_days; };
extern const struct json_field key_init_fields[2], key_rotate_fields[3];
struct csr_body { char subject[64]; };
extern const struct json_field csr_fields[1];
struct chain_body { char chain[64 << 10]; };
extern const struct json_field chain_fields[1];
struct fill_body { uint64_t count; };
extern const struct json_field fill_fields[1];
struct marks_body { char kind[32]; uint64_t low, high; };          /* UINT64_MAX: as it is */
extern const struct json_field marks_fields[3];
struct backup_body { char dir[1024]; };
extern const struct json_field backup_fields[1];
struct image_register { char name[64], dir[2048], agent_by[16]; };
extern const struct json_field image_register_fields[3];
struct start_body { struct json_object *forwards; };
extern const struct json_field start_fields[1];
