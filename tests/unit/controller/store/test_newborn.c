/* test_newborn.c - machines that are born without a medium: by their token, by their UUID, changed by one at a time, gone with the machine. */
#include "tests/unit/controller/store/store_test.h"

#include "controller/store/newborn_row.h"
#include "controller/store/vm.h"

static void insert(struct place *p, const char *vm_id, const char *uuid, const char *proof)
{
	struct newborn_row n = { .rev = 0 };

	snprintf(n.vm_id, sizeof n.vm_id, "%s", vm_id);
	snprintf(n.uuid, sizeof n.uuid, "%s", uuid);
	snprintf(n.proof, sizeof n.proof, "%s", proof);
	assert_ok(newborn_row_insert(p->s, &n, &p->e), p->e);
}

static void found_by_token_and_by_uuid(void **state)
{
	struct place *p = *state;
	struct newborn_row n, found, rows[NEWBORN_SAME_MAX];
	bool absent = false;
	size_t count = 9;

	insert(p, "vm-a", "u1", "token");
	insert(p, "vm-b", "u1", "ek");
	insert(p, "vm-c", "u2", "token");
	assert_ok(newborn_row_get(p->s, "vm-a", &n, &absent, &p->e), p->e);
	assert_true(!absent && !n.has_token && !n.asked && strcmp(n.proof, "token") == 0);
	n.has_token = true;
	memset(n.token, 7, sizeof n.token);
	n.token_until = 99;
	assert_ok(newborn_row_save(p->s, &n, &p->e), p->e);
	assert_ok(newborn_row_by_token(p->s, n.token, &found, &absent, &p->e), p->e);
	assert_true(!absent && found.token_until == 99 && strcmp(found.vm_id, "vm-a") == 0);
	n.token[0]++;
	assert_ok(newborn_row_by_token(p->s, n.token, &found, &absent, &p->e), p->e);
	assert_true(absent);
	assert_ok(newborn_row_by_uuid(p->s, "u1", rows, &count, &p->e), p->e);
	assert_int_equal(count, 2);
	assert_string_equal(rows[1].proof, "ek");
	assert_ok(newborn_row_by_uuid(p->s, "u3", rows, &count, &p->e), p->e);
	assert_int_equal(count, 0);
}

/* Two guests that come with one token at once: one of them is too late. */
static void one_at_a_time(void **state)
{
	struct place *p = *state;
	struct newborn_row one, two;
	bool absent;

	insert(p, "vm-a", "u1", "token");
	assert_ok(newborn_row_get(p->s, "vm-a", &one, &absent, &p->e), p->e);
	two = one;
	one.asked = two.asked = true;
	memset(one.nonce, 1, sizeof one.nonce);
	memset(two.nonce, 2, sizeof two.nonce);
	one.sequence = 3;
	assert_ok(newborn_row_save(p->s, &one, &p->e), p->e);
	assert_err(newborn_row_save(p->s, &two, &p->e), ERR_CONFLICT, p->e, "was changed meanwhile");
	assert_ok(newborn_row_get(p->s, "vm-a", &two, &absent, &p->e), p->e);
	assert_true(two.asked && two.nonce[31] == 1 && two.sequence == 3 && two.rev == one.rev);
}

static void gone_with_its_machine(void **state)
{
	struct place *p = *state;
	struct newborn_row n;
	struct vm v = { .state = VM_DEFINED, .sequence = 1, .project = "default", .name = "web", .uuid = "u1", .host = "none" };
	bool absent = false;

	store_new_id("vm-", v.id);
	v.spec = strdup("{}");
	v.forwards = strdup("[]");
	assert_ok(vm_insert(p->s, &v, &p->e), p->e);
	insert(p, v.id, v.uuid, "token");
	vm_fini(&v);
	assert_ok(vm_get(p->s, "default", "web", &v, &absent, &p->e), p->e);
	assert_ok(vm_delete(p->s, &v, &p->e), p->e);
	assert_ok(newborn_row_get(p->s, v.id, &n, &absent, &p->e), p->e);
	assert_true(absent);
	vm_fini(&v);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		place_test(found_by_token_and_by_uuid), place_test(one_at_a_time), place_test(gone_with_its_machine),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
