/* report_key.c - what it takes to speak with the controller, kept for the boots that come without a medium: the key of status frames; where it is. */
#include "agent/module/module.h"

#include <string.h>
#include "common/base/text.h"
#include "common/data/json.h"

/* A controller with no address is heard over the machine's port alone. */
static bool has_address(const struct manifest *m)
{
	for (size_t i = 0; i < m->controller.name_count; i++)
		if (strchr(m->controller.names[i], ':'))
			return m->controller.pin_count;
	return false;
}

static int want_controller(struct builder *b, const struct manifest *m, struct err *e)
{
	scoped_json struct json_object *o = json_object_new_object();
	struct json_object *names = json_object_new_array(), *pins = json_object_new_array();
	char hex[2 * SHA256_SIZE + 1];

	json_put(o, "id", m->controller.id);
	for (size_t i = 0; i < m->controller.name_count; i++)
		if (strchr(m->controller.names[i], ':'))
			json_object_array_add(names, json_object_new_string(m->controller.names[i]));
	for (size_t i = 0; i < m->controller.pin_count; i++) {
		hex_encode(m->controller.spki_pins[i], SHA256_SIZE, hex);
		json_object_array_add(pins, json_object_new_string(hex));
	}
	json_object_object_add(o, "names", names);
	json_object_object_add(o, "spki_pins", pins);
	const char *text = arena_text(&b->plan->arena, json_line(o));
	return want_file(b, &(struct want_file){ CONTROLLER_PATH, text, strlen(text), 0600, 0, 0, false }, e);
}

int module_report_key(struct builder *b, struct err *e)
{
	const struct blob *k = verified_blob(b->config->verified, BLOB_REPORT_KEY);

	if (!k)
		return 0;
	if (k->size != 32)
		return err_set(e, ERR_FORMAT, "blob '%s' has %llu bytes, not 32", BLOB_REPORT_KEY, (unsigned long long)k->size);
	want_item(b, "");
	int r = want_dir(b, STATE_DIR, 0700, 0, 0, e);
	if (r)
		return r;
	if ((r = want_file(b, &(struct want_file){ REPORT_KEY_PATH, k->bytes, 32, 0600, 0, 0, true }, e)))
		return r;
	const struct manifest *m = &b->config->verified->manifest;
	return has_address(m) ? want_controller(b, m, e) : 0;
}
