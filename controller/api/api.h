/* api.h - the handlers behind the route table: decode → service → JSON. One file per noun. */
#pragma once
#include "controller/http/request.h"
#include "controller/service/ctl.h"

request_fn api_status, api_daemon_stop, api_backup;
request_fn api_key_list, api_key_init;
request_fn api_ca_show, api_ca_csr, api_ca_install;
request_fn api_pool_status, api_pool_fill, api_pool_marks;
request_fn api_image_list, api_image_show, api_image_register, api_image_delete;
request_fn api_vm_list, api_vm_create, api_vm_show, api_vm_delete, api_vm_start, api_vm_stop, api_vm_reissue, api_vm_events, api_vm_medium,
	api_vm_pin, api_vm_log;

/* To be run again when something happened; unavailable when that took longer than ms. */
int request_park(struct request *rq, int64_t ms, struct err *e);
/* not-found with the nearest name. */
int api_image_there(struct ctl *c, struct request *rq, const char *name, struct err *e);
struct json_object *api_vm_json(struct ctl *c, const struct vm *v, struct err *e);
extern const struct schema schema_key_init, schema_key, schema_keys, schema_ca, schema_csr, schema_csr_text, schema_chain, schema_pool,
	schema_fill, schema_marks,
	schema_image, schema_images, schema_image_register, schema_vm, schema_vms, schema_vm_create, schema_start, schema_events,
		schema_pin, schema_log,
	schema_status, schema_empty, schema_backup;
