/* api.h - the handlers behind the route table: decode → service → JSON. One file per noun. */
#pragma once
#include "controller/http/request.h"
#include "controller/service/ctl.h"

request_fn api_status, api_daemon_stop, api_backup;
request_fn api_key_list, api_key_init, api_key_get, api_key_rotate, api_key_revoke;
request_fn api_ca_show, api_ca_csr, api_ca_install;
request_fn api_pool_status, api_pool_fill, api_pool_marks;
request_fn api_image_list, api_image_show, api_image_register, api_image_delete;
request_fn api_vm_list, api_vm_create, api_vm_show, api_vm_delete, api_vm_start, api_vm_stop, api_vm_reissue, api_vm_events, api_vm_medium,
	api_vm_pin, api_vm_log, api_vm_console, api_vm_goal, api_vm_born, api_vm_forget_pin;
request_fn api_guest_frames, api_host_frames, api_host_media, api_host_carrier, api_host_list;
extern const struct schema schema_hosts, schema_console_input;
request_fn api_birth, api_birth_challenge, api_birth_token;
extern const struct schema schema_birth, schema_birth_challenge, schema_challenge, schema_birth_token, schema_token;
request_fn api_access_grant, api_access_list, api_access_revoke, api_access_enrol, api_access_renew;
extern const struct schema schema_access_grant, schema_access, schema_access_list, schema_access_enrol, schema_access_renew, schema_enrolled;

request_fn api_vm_spec, api_vm_check, api_openapi, api_audit_list, api_healthz, api_readyz, api_metrics;
thing_fn thing_vm, thing_image, thing_keys, thing_ca, thing_marks, thing_access, thing_pool;
void thing_fini(struct thing *t);

/* One request inside its turn, decoded: its handler, and what goes with every request. */
/* What these requests and those behind them, AHEAD_MAX at most, will ask the store for is read at once (service/ahead.h). */
int api_read_ahead(struct ctl *c, const struct request *first, struct err *e);
int api_handle(struct ctl *c, struct request *rq, struct err *e);
/* Who asks, for logs and the audit: "unix:0", "operator alice of project blue". */
enum { WHO_MAX = 160 };
void request_who(const struct request *rq, char out[WHO_MAX]);
/* The name of what it is about, or "". */
const char *request_thing(const struct request *rq);
/* Is the tag one of the list's (RFC 9110 8.8.3, 13.1)? weak: "W/" before it is passed over (If-None-Match), else it is another one (If-Match). */
bool tag_in(const char *list, const char *tag, bool weak);
struct image;
void vm_tag(const struct vm *v, int64_t bundle_rev, char out[TAG_MAX]);
void image_tag(const struct image *i, char out[TAG_MAX]);
/* The answer of a request that made this VM before. */
int api_vm_again(struct ctl *c, struct request *rq, const char *vm_id, struct err *e);
/* To be run again when something happened; unavailable when that took longer than ms. */
int request_park(struct request *rq, int64_t ms, struct err *e);
/* not-found with the nearest name. */
int api_image_there(struct ctl *c, struct request *rq, const char *name, struct err *e);
/* JSON text as a member; null where there is none. */
void api_add_parsed(struct json_object *o, const char *key, const char *text);
/* How it is born, where that is without a medium. */
void api_add_birth(struct ctl *c, const struct vm *v, struct json_object *o);
struct json_object *api_vm_json(struct ctl *c, const struct vm *v, struct err *e);
extern const struct schema schema_openapi, schema_audit, schema_health, schema_key_init, schema_key_rotate, schema_key, schema_keys, schema_ca, schema_csr, schema_csr_text, schema_chain, schema_pool,
	schema_fill, schema_marks,
	schema_image, schema_images, schema_image_register, schema_vm, schema_vms, schema_vm_create, schema_start, schema_events,
		schema_pin, schema_log,
	schema_status, schema_empty, schema_backup, schema_goal_change;
