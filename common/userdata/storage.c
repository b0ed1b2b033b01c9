/* storage.c - see storage.h */
#include "common/userdata/storage.h"

#include <ctype.h>
#include <string.h>
#include "common/base/text.h"
#include "common/userdata/words.h"

static int hinted(struct err *e, const char *hint)
{
	text_printable(e->msg);
	err_hint(e, "%s", hint);
	return -(int)e->code;
}

/* A number as it counts: 0x20 is YAML's 32, and so cloud-init's. */
static bool number_of(const struct node *v, uint64_t *ret)
{
	if (v->kind == NODE_INT && v->integer >= 0) {
		*ret = (uint64_t)v->integer;
		return true;
	}
	return node_str(v) && text_number(v->text, ret);
}

int storage_part(struct arena *a, const struct node *v, struct storage_part *ret, struct err *e)
{
	const struct node *share = v->kind == NODE_LIST && v->count ? v->items[0] : v, *type = v->kind == NODE_LIST && v->count > 1 ? v->items[1] : NULL;
	uint64_t percent;

	if (!number_of(share, &percent) || percent < 1 || percent > 100) {
		node_fail(share, ERR_FORMAT, e, "disk_setup: a partition's share is a number of percent, 1 to 100");
		return hinted(e, "layout: [33, [67, 82]]");
	}
	const char *code = type ? type->text ? type->text : "" : "83";
	if (!*code || (code[strspn(code, "0123456789abcdefABCDEF-")] && strcasecmp(code, "swap") != 0)) {
		node_fail(type, ERR_FORMAT, e, "disk_setup: '%.40s' is no type of a partition", code);
		return hinted(e, "82 and 83 and the like, a GUID, or swap");
	}
	*ret = (struct storage_part){ (unsigned)percent, arena_text(a, code) };
	return 0;
}

int storage_layout(struct arena *a, const struct node *layout, struct err *e)
{
	struct storage_part ignored;
	int r = 0;

	if (!node_truth(layout) || layout->kind == NODE_BOOL || node_is(layout, "auto") || node_is(layout, "remove"))
		return 0;
	if (layout->kind != NODE_LIST)
		return node_fail(layout, ERR_FORMAT, e, "disk_setup: layout is neither true, auto nor a list of shares");
	if (layout->count > STORAGE_PARTITIONS_MAX)
		return node_fail(layout, ERR_FORMAT, e, "disk_setup: %zu partitions: %d at most", layout->count, STORAGE_PARTITIONS_MAX);
	for (size_t i = 0; i < layout->count && !r; i++)
		r = storage_part(a, layout->items[i], &ignored, e);
	return r;
}

int storage_fs(const struct node *v, struct err *e)
{
	const struct node *type = node_get(v, "filesystem");
	const char *device = node_str(node_get(v, "device")), *s = node_str(type);

	if (device && *device && node_truth(node_get(v, "cmd")))
		return 0;
	if (device && *device && s && *s && !s[strspn(s, "abcdefghijklmnopqrstuvwxyz0123456789")])
		return 0;
	node_fail(device && *device && type ? type : v, ERR_FORMAT, e, "fs_setup: device and filesystem are wanted");
	return hinted(e, "{device: /dev/vdb1, filesystem: ext4}");
}

int storage_mount(const struct node *v, const struct node *defaults, struct storage_mount *ret, struct err *e)
{
	static const char *const standard[STORAGE_FIELDS] = { NULL, NULL, "auto", "defaults,nofail,x-systemd.after=natal-early.service,_netdev", "0", "2" };
	struct storage_mount m = { 0 };

	for (size_t i = 0; i < STORAGE_FIELDS; i++) {
		const struct node *mine = i < v->count ? v->items[i] : NULL, *other = defaults && i < defaults->count ? defaults->items[i] : NULL;
		const struct node *n = mine && mine->kind != NODE_NULL ? mine : other && other->kind != NODE_NULL ? other : NULL;
		m.field[i] = n ? n->text : standard[i];
		m.options = i == 3 && n ? n->text : m.options;
		if (n && (n->kind == NODE_LIST || n->kind == NODE_MAP || !word_single(n->text))) {
			node_fail(n, ERR_FORMAT, e, "mounts: a field of fstab is one word");
			return hinted(e, "a blank in it is written \\\\040");
		}
	}
	m.swap = strcmp(m.field[2], "swap") == 0;
	if (m.field[0] && m.field[1] && !m.swap && !word_folder(m.field[1])) {
		node_fail(v->count > 1 && v->items[1]->kind != NODE_NULL ? v->items[1] : v, ERR_FORMAT, e, "mounts: '%.60s' is no absolute path", m.field[1]);
		return hinted(e, "it begins with '/', and has no '..'; swap is mounted on none, as the type swap");
	}
	*ret = m;
	return 0;
}

/* 512, "512B", "2G", "1.5 GB", ".5G": bytes, or so many of K, M, G, T; what is below a byte is cut off, as cloud-init does. */
static int bytes_of(const struct node *v, uint64_t *ret, struct err *e)
{
	static const char units[] = "BKMGT";
	enum { DIGITS_MAX = 15, FRACTION_MAX = 6 };
	const char *text = v->text ? v->text : "", *p = text;
	uint64_t whole = 0, fraction = 0, of = 1, cap = UINT64_C(1) << 50;
	size_t n = strspn(p, "0123456789"), m = p[n] == '.' ? strspn(p + n + 1, "0123456789") : 0;

	for (size_t i = 0; i < n && n <= DIGITS_MAX; i++)
		whole = whole * 10 + (uint64_t)(p[i] - '0');
	for (size_t i = 0; i < m && i < FRACTION_MAX; i++, of *= 10)
		fraction = fraction * 10 + (uint64_t)(p[n + 1 + i] - '0');
	p += n + (p[n] == '.') + m;
	p += strspn(p, " ");
	const char *unit = *p ? strchr(units, toupper((unsigned char)*p)) : NULL;
	bool number = v->kind == NODE_INT && number_of(v, &whole);
	if (!number && ((!n && !m) || (*p && (!unit || (p[1] && (toupper((unsigned char)p[1]) != 'B' || unit == units || p[2])))))) {
		node_fail(v, ERR_FORMAT, e, "swap: '%.40s' is no size such as 536870912 or 512M", text);
		return hinted(e, "a number of bytes, or a number and one of B K M G T");
	}
	unsigned shift = unit && !number ? (unsigned)(10 * (unit - units)) : 0;
	if ((!number && n > DIGITS_MAX) || whole > cap >> shift)
		return node_fail(v, ERR_FORMAT, e, "swap: '%.40s' is too large", text);
	*ret = (whole << shift) + (number ? 0 : (fraction << shift) / of);
	return 0;
}

int storage_swap(const struct node *swap, struct storage_swap *ret, struct err *e)
{
	const struct node *file = node_get(swap, "filename"), *size = node_get(swap, "size"), *max = node_get(swap, "maxsize");
	struct storage_swap s = { .file = file ? file->text : "/swap.img", .automatic = node_is(size, "auto") };
	int r;

	if (!word_single(s.file) || (file && !node_str(file)) || !word_file(s.file)) {
		node_fail(file, ERR_FORMAT, e, "swap: filename '%.60s' is no absolute path", s.file ? s.file : "");
		return hinted(e, "/swap.img, or another whole path without '..' and blanks");
	}
	if ((node_truth(max) && (r = bytes_of(max, &s.max, e))) || (node_truth(size) && !s.automatic && (r = bytes_of(size, &s.size, e))))
		return r;
	*ret = s;
	return 0;
}
