/* volume.c - see volume.h; ECMA-119 written by libisofs. */
#include "controller/service/volume.h"

#include <sys/types.h>
#include <libburn/libburn.h>         /* struct burn_source, in which libisofs hands its image out */
#include <libisofs/libisofs.h>
#include <string.h>

enum { FIXED_TIME_S = 946684800 };      /* 2000-01-01: all dates on the medium */

static int iso_made(int rc, const char *what, struct err *e)
{
	return rc >= 0 ? 0 : err_set(e, ERR_INTERNAL, "make the volume: %s: %s", what, iso_error_to_msg(rc));
}

static void image_free(IsoImage **i) { if (*i) iso_image_unref(*i); }
static void opts_free(IsoWriteOpts **o) { if (*o) iso_write_opts_free(*o); }

/* ret_stream takes the bytes: until it is in the image it must be freed here, but libisofs takes it on every path it documents. */
static int add_file(IsoImage *image, const struct volume_file *f, struct err *e)
{
	unsigned char *copy = malloc(f->size + !f->size);
	IsoStream *stream = NULL;
	IsoFile *file = NULL;
	int r;

	if (!copy)
		return err_nomem(e);
	memcpy(copy, f->content, f->size);
	if ((r = iso_made(iso_memory_stream_new(copy, f->size, &stream), "stream", e))) {
		free(copy);
		return r;
	}
	if ((r = iso_made(iso_tree_add_new_file(iso_image_get_root(image), f->name, stream, &file), "file", e))) {
		iso_stream_unref(stream);
		return r;
	}
	IsoNode *nodes[] = { (IsoNode *)file, (IsoNode *)iso_image_get_root(image) };
	for (size_t i = 0; i < ARRAY_SIZE(nodes); i++) {
		iso_node_set_mtime(nodes[i], FIXED_TIME_S);
		iso_node_set_atime(nodes[i], FIXED_TIME_S);
		iso_node_set_ctime(nodes[i], FIXED_TIME_S);
		iso_node_set_uid(nodes[i], 0);
		iso_node_set_gid(nodes[i], 0);
		iso_node_set_permissions(nodes[i], i ? 0555 : f->mode);
	}
	return 0;
}

static int set_options(IsoWriteOpts *o, struct err *e)
{
	static char uuid[] = "2000010100000000";
	int r;

	if ((r = iso_made(iso_write_opts_set_iso_level(o, 3), "level", e)) ||
		(r = iso_made(iso_write_opts_set_relaxed_vol_atts(o, 1), "label", e)) ||
		(r = iso_made(iso_write_opts_set_rockridge(o, 1), "Rock Ridge", e)) ||
	    (r = iso_made(iso_write_opts_set_pvd_times(o, FIXED_TIME_S, FIXED_TIME_S, 0, 0, uuid), "times", e)))
		return r;
	iso_write_opts_set_default_timestamp(o, FIXED_TIME_S);
	iso_write_opts_set_replace_timestamps(o, 2);
	iso_write_opts_set_always_gmt(o, 1);
	iso_write_opts_set_fifo_size(o, 32);
	return 0;
}

/* libisofs writes in a thread of its own; this takes what it makes. */
static int pull(IsoImage *image, IsoWriteOpts *opts, struct buf *out, struct err *e)
{
	struct burn_source *src = NULL;
	unsigned char sector[2048];
	int n, r;

	if ((r = iso_made(iso_image_create_burn_source(image, opts, &src), "write", e)))
		return r;
	while ((n = src->read_xt(src, sector, sizeof sector)) == (int)sizeof sector)
		buf_add(out, sector, sizeof sector);
	r = n < 0 ? err_set(e, ERR_INTERNAL, "make the volume: libisofs stopped") : buf_check(out, "the volume", e);
	src->free_data(src);
	free(src);
	return r;
}

static int started;

int volume_write(const char *label, const struct volume_file *files, size_t n, struct buf *out, struct err *e)
{
	scoped(image_free) IsoImage *image = NULL;
	scoped(opts_free) IsoWriteOpts *opts = NULL;
	int r = 0;

	if (!started && (r = iso_made(iso_init(), "start", e)))
		return r;
	started = 1;
	iso_set_msgs_severities((char *)"NEVER", (char *)"NEVER", (char *)"");
	if ((r = iso_made(iso_image_new(label, &image), "image", e)))
		return r;
	iso_image_set_volset_id(image, "");
	iso_image_set_publisher_id(image, "");
	iso_image_set_data_preparer_id(image, "");
	iso_image_set_system_id(image, "");
	iso_image_set_application_id(image, "NATAL");
	for (size_t i = 0; !r && i < n; i++)
		r = add_file(image, &files[i], e);
	if (r || (r = iso_made(iso_write_opts_new(&opts, 0), "options", e)) || (r = set_options(opts, e)))
		return r;
	return pull(image, opts, out, e);
}
