/* routes.c - the API, as a table. */
#include "controller/api/api.h"

#define LOCAL "operator"
const struct route routes[] = {
	{ "GET", "/v1/status", LOCAL, "what this natald is and holds", NULL, &schema_status, .handle = api_status },
	{ "POST", "/v1/daemon/stop", LOCAL, "end natald; guests run on", NULL, &schema_empty, .handle = api_daemon_stop },
	{ "POST", "/v1/backup", LOCAL, "copy what natald holds into an empty folder", &schema_backup, &schema_backup, .handle = api_backup },
	{ "GET", "/v1/keys", LOCAL, "the media signing keys", NULL, &schema_keys, .handle = api_key_list },
	{ "POST", "/v1/keys", LOCAL, "make a media signing key", &schema_key_init, &schema_key, .handle = api_key_init },
	{ "GET", "/v1/ca", LOCAL, "the certificate authority", NULL, &schema_ca, .handle = api_ca_show },
	{ "POST", "/v1/ca/csr", LOCAL, "a request for another CA to sign", &schema_csr, &schema_csr_text, .handle = api_ca_csr },
	{ "POST", "/v1/ca/install", LOCAL, "the chain that came back", &schema_chain, &schema_ca, .handle = api_ca_install },
	{ "GET", "/v1/pool", LOCAL, "the key pool", NULL, &schema_pool, .handle = api_pool_status },
	{ "POST", "/v1/pool/fill", LOCAL, "make keys ahead", &schema_fill, &schema_pool, .handle = api_pool_fill },
	{ "GET", "/v1/images", LOCAL, "all images", NULL, &schema_images, .handle = api_image_list },
	{ "POST", "/v1/images", LOCAL, "register an image from its folder", &schema_image_register, &schema_image,
		.handle = api_image_register },
	{ "GET", "/v1/images/{name}", LOCAL, "one image", NULL, &schema_image, .handle = api_image_show },
	{ "DELETE", "/v1/images/{name}", LOCAL, "forget an image; its files stay", NULL, &schema_empty, .handle = api_image_delete },
	{ "GET", "/v1/vms", LOCAL, "all machines", NULL, &schema_vms, .handle = api_vm_list },
	{ "POST", "/v1/vms", LOCAL, "define a machine: keys, certificate, signed bundle", &schema_vm_create, &schema_vm,
		.body_max = 48 << 20,
		.idempotency_key = true, .handle = api_vm_create },
	{ "GET", "/v1/vms/{name}", LOCAL, "one machine", NULL, &schema_vm, .handle = api_vm_show },
	{ "DELETE", "/v1/vms/{name}", LOCAL, "delete a machine and all that was made for it", NULL, &schema_empty,
		.handle = api_vm_delete },
	{ "POST", "/v1/vms/{name}/start", LOCAL, "start it; forwards are re-pointed where it runs", &schema_start, &schema_vm,
		.handle = api_vm_start },
	{ "POST", "/v1/vms/{name}/stop", LOCAL, "stop it: it is asked to, and ended after `grace` seconds (default: 30); with `force` at once", NULL, &schema_vm, .handle = api_vm_stop },
	{ "POST", "/v1/vms/{name}/reissue", LOCAL, "a new bundle: new keys, higher sequence", NULL, &schema_vm, .handle = api_vm_reissue },
	{ "GET", "/v1/vms/{name}/events", LOCAL, "what happened after event `after`, waiting up to `wait` seconds for news", NULL,
		&schema_events,
		.handle = api_vm_events },
	{ "GET", "/v1/vms/{name}/medium", LOCAL, "the signed medium, an ISO 9660 image", NULL, NULL, .raw = true, .handle = api_vm_medium },
	{ "GET", "/v1/vms/{name}/pin", LOCAL, "the pin record, and what follows from it", NULL, &schema_pin, .handle = api_vm_pin },
	{ "GET", "/v1/vms/{name}/log", LOCAL, "the end of the serial console", NULL, &schema_log, .handle = api_vm_log },
};
const size_t route_count = sizeof routes / sizeof *routes;
