/* test_alike.c - texts that are equal but for addresses in memory */
#include "kernel/front/gather/alike.h"

#include "tests/unit/tap.h"

static bool are_alike(const char *a, const char *b)
{
    return alike(a, strlen(a), b, strlen(b)) && alike(b, strlen(b), a, strlen(a));
}

int main(void)
{
    ok(are_alike("", ""), "nothing is like nothing");
    ok(are_alike("step 7", "step 7"), "equal texts");
    ok(!are_alike("step 7", "step 8"), "texts that differ");
    ok(!are_alike("step", "step 8"), "one that goes on");
    ok(are_alike("<A at 0x7f5d0c2b1e50>", "<A at 0x7f5d0c2b1e51>"), "two addresses");
    ok(are_alike("0x55d0c2b1e5", "0x7f5d0c2b1e50"), "addresses of different length");
    ok(!are_alike("<A at 0x7f5d0c2b1e50>", "<B at 0x7f5d0c2b1e50>"), "another name");
    ok(!are_alike("0xff", "0xfe"), "a short number is a number");
    ok(!are_alike("0x7f5d0c2b1e50", "0x7f5d0c2b1e50 more"), "an address and more");
    ok(!are_alike("0x7f5d0c2b1e50", "nothing"), "an address and a word");
    return done_testing();
}
