/* spec.h - what somebody asked for in `vm create`, checked, and what follows from it for the guest.
 *
 * spec_read() is pure: JSON in, struct out; it refuses what the guest would refuse, so that a typing error is seen at the keyboard.
 * The struct borrows from the JSON object.
 */
#pragma once
#include <stdbool.h>
#include "common/data/json.h"

enum { SPEC_NAMES_MAX = 6, SPEC_USERS_MAX = 64, SPEC_FILES_MAX = 1024, SPEC_FORWARDS_MAX = 8, SPEC_EK_MAX = 8192 };

struct vm_spec {
	char name[64], image[64], host[64], uuid[37], mac[18], hostname[128], timezone[128], channel[512], agent[16];        /* agent: "image", "medium", or "" */
	char birth[8], ek[SPEC_EK_MAX];         /* birth: "token", "ek", or "": by a medium; ek: PEM, of host none */
	uint64_t memory_mb, cpus;
	bool rsa;
	struct json_object *users;              /* [{"name", "ssh_keys": [TEXT], "sudo": bool}] */
	struct json_object *addresses;          /* ["dhcp" | "CIDR[,gw=IP][,dns=IP]…"] */
	struct json_object *files;              /* [{"path", "content_b64", "mode"}] */
	struct json_object *run;                /* [TEXT] */
	struct json_object *ca_certs;           /* [PEM] */
	struct json_object *forwards;           /* [{"host", "guest"}] */
	struct json_object *names;              /* further DNS names and addresses of the certificate */
};
enum { VM_SPEC_FIELDS = 21 };
extern const struct json_field vm_spec_fields[VM_SPEC_FIELDS];

int spec_read(struct json_object *o, struct vm_spec *ret, struct err *e);
/* Every name that clients may use: name, hostname, names, static addresses. At most 8; each with its NUL in 128 bytes. */
int spec_names(const struct vm_spec *s, char (*names)[128], size_t max, size_t *ret, struct err *e);
/* "#cloud-config\n" and JSON. */
int spec_user_data(const struct vm_spec *s, struct buf *out, struct err *e);
/* Network config v2 as JSON; nothing is added where no address was asked for. mac "": any Ethernet. */
int spec_network(const struct vm_spec *s, const char *mac, struct buf *out, struct err *e);
/* An array of {"host":port or 0,"guest":port}; format, limit. */
int spec_check_forwards(struct json_object *forwards, struct err *e);
