/* test_idset.c - a set of small numbers */
#include "kernel/base/idset.h"

#include <stdlib.h>

#include "tests/unit/tap.h"

/* What 'text' becomes when it is read and written; NULL when it is refused. */
static const char *round_trip(const char *text)
{
    static char out[256];
    struct error err = { "" };
    struct idset *set = idset_decode(text, &err);
    char *made;

    if (!set)
        return err.text[0] ? NULL : "refused without a reason";
    made = idset_encode(set);
    snprintf(out, sizeof(out), "%s", made);
    free(made);
    idset_destroy(set);
    return out;
}

static void check_texts(void)
{
    static const char *const refused[] = {
        ",",    "0,",  ",0",      "0,,1",    "-",         "0-",
        "-1",   "1-0", "0 ",      " 0",      "0, 1",      "a",
        "0x1",  "1.5", "0-1-2",   "1048576", "0-1048576", "99999999999999999999",
        "0--1", "+1",  "0-3,7\n", "\xff",
    };
    struct error err = { "" };

    is_str(round_trip(""), "", "the empty text is the empty set");
    is_str(round_trip("0"), "0", "one number");
    is_str(round_trip("0-3,7"), "0-3,7", "a range and a number");
    is_str(round_trip("7,3,0-2,1"), "0-3,7", "sorted and joined when written");
    is_str(round_trip("5-5"), "5", "a range of one");
    is_str(round_trip("0,1"), "0-1", "two in a row are a range");
    is_str(round_trip("62-65,127-128"), "62-65,127-128", "ranges across words");
    is_str(round_trip("63,64"), "63-64", "neighbours in two words");
    is_str(round_trip("0-1048575"), "0-1048575", "the largest set");
    is_str(round_trip("1048575"), "1048575", "the largest number");
    is_str(round_trip("007"), "7", "leading zeros mean nothing");
    for (size_t i = 0; i < sizeof(refused) / sizeof(refused[0]); i++)
        ok(!round_trip(refused[i]), "refused: \"%s\"", refused[i]);
    ok(!idset_decode("x", NULL), "a NULL error is allowed");
    idset_decode("0-", &err);
    is_str(err.text, "\"0-\" is no set of numbers like 0-3,7", "the text is quoted");
}

static void check_members(void)
{
    struct idset *set = idset_create(), *other;
    int id, sum = 0;

    is_int(idset_first(set), -1, "nothing is first in an empty set");
    is_int(idset_count(set), 0, "an empty set has no members");
    ok(!idset_has(set, 1048575), "a number far above is no member");
    idset_remove(set, 1048575);
    idset_add(set, 200);
    idset_add(set, 3);
    idset_add(set, 3);
    idset_add(set, 64);
    is_int(idset_count(set), 3, "a number added twice counts once");
    ok(idset_has(set, 3) && idset_has(set, 64) && idset_has(set, 200),
       "members are in");
    ok(!idset_has(set, 2) && !idset_has(set, 63) && !idset_has(set, 201),
       "neighbours are not");
    for (id = idset_first(set); id >= 0; id = idset_next(set, id))
        sum = sum * 1000 + id;
    is_int(sum, 3064200, "iteration is in order and ends");
    is_int(idset_next(set, 1048575), -1, "nothing comes after the largest number");

    other = idset_copy(set);
    ok(idset_is_equal(set, other), "a copy is equal");
    idset_remove(other, 200);
    ok(!idset_is_equal(set, other) && !idset_is_equal(other, set),
       "and is its own set");
    idset_remove(set, 200);
    ok(idset_is_equal(set, other), "equal again");
    idset_destroy(other);

    other = idset_create();
    idset_add(other, 3);
    idset_add(other, 64);
    ok(idset_is_equal(set, other) && idset_is_equal(other, set),
       "equal however large they once were");
    idset_destroy(other);
    idset_destroy(set);
    idset_destroy(NULL);
}

static void check_ranges(void)
{
    struct idset *set = idset_create_range(60, 70), *copy;
    bool right = true;
    int id;

    for (id = 0; id < 200; id++)
        right = right && idset_has(set, id) == (id >= 60 && id < 130);
    ok(right, "a range has its members and no others");
    is_int(idset_count(set), 70, "and their number");
    idset_destroy(set);
    set = idset_create_range(5, 0);
    is_int(idset_count(set), 0, "a range of none is empty");
    idset_destroy(set);
    set = idset_create();
    copy = idset_copy(set);
    is_int(idset_first(copy), -1, "a copy of the empty set is empty");
    idset_destroy(copy);
    idset_destroy(set);
}

int main(void)
{
    check_texts();
    check_members();
    check_ranges();
    return done_testing();
}
