/* birth_parts.h - a bundle's blobs while they lie sealed in its row: one flat list, in the manifest's order.
 *
 * Each: u16 name size, name, u16 mode, u32 size, bytes (little-endian).  tls/cert.pem and tls/chain.pem are empty there: the row has them.
 */
#pragma once
#include "common/data/json.h"
#include "common/media/bundle.h"
#include "controller/store/bundle_row.h"

enum { PART_MAX = 60 << 20, PARTS_MAX = 64 };
void part_add(struct buf *parts, const char *name, uint32_t mode, const void *bytes, size_t size);
/* blobs: PARTS_MAX long; bytes are borrowed from parts and row. */
int part_list(const void *parts, size_t size, const struct bundle_row *row, struct blob *blobs, size_t *ret, struct err *e);
/* What the row says of its public keys; ssh and ssh_lines are borrowed from *ret_hold. */
struct bundle_keys { uint8_t tls_spki[SHA256_SIZE]; struct json_object *ssh, *ssh_lines; };
int bundle_keys_read(const struct bundle_row *row, struct json_object **ret_hold, struct bundle_keys *ret, struct err *e);
/* What the sealed list is bound to. */
void part_seal_name(const char *vm_id, int64_t sequence, char *out, size_t size);

/* What a bundle is made of: goal NULL, it is a medium; kept: the keys of that bundle, else new ones. */
struct ctl;
struct vm;
struct vm_spec;
struct goal_doc;
struct birth { const struct vm_spec *spec; const struct goal_doc *goal; const struct bundle_row *kept; };
/* The row of stage 1 for v->sequence. */
int birth_write_row(struct ctl *c, struct vm *v, const struct birth *b, struct err *e);
/* Who is connected with an older certificate is asked again whether it counts, at the other natald too. */
int birth_other_certificate(struct ctl *c, const struct vm *v, struct err *e);
