/* test_murmur.c - MurmurHash2 */
#include "kernel/base/murmur.h"

#include <string.h>

#include "tests/unit/tap.h"

#define SEED 0xc70f6907u

static void is_hash(const char *text, uint32_t want)
{
    ok(murmur2(text, strlen(text), SEED) == want, "the hash of \"%s\"", text);
}

int main(void)
{
    is_hash("", 0xedd39288);
    is_hash("a", 0x8129eeee);
    is_hash("ab", 0xa73301b9);
    is_hash("abc", 0xc7bbdbb5);
    is_hash("abcd", 0x2ff70f61);
    is_hash("print('\xc3\xa9')\n", 0xdb12491d);
    return done_testing();
}
