/* test_limits.c - whether there is room for so many ranks */
#include "launcher/limits.h"

#include <sys/resource.h>

#include "tests/unit/tap.h"

#define GB ((uint64_t)1 << 30)

static const struct {
    struct limits limits;
    int ranks;
    const char *want; /* what the refusal begins with; "": none */
} table[] = {
    { { UINT64_MAX, UINT64_MAX, UINT64_MAX }, 1024, "" },
    { { GB, 1000, 1024 }, 4, "" },
    { { GB, 1000, 1024 }, 64, "" },
    { { GB, UINT64_MAX, UINT64_MAX },
      65,
      "no memory for 65 ranks: they need 1040 MB at least, and 1024 MB are free" },
    { { UINT64_MAX, 40, UINT64_MAX }, 8, "" },
    { { UINT64_MAX, 40, UINT64_MAX },
      9,
      "no room for 9 ranks: they need 45 threads at least, and this user or container "
      "may have 40 more" },
    { { UINT64_MAX, UINT64_MAX, 64 }, 8, "" },
    { { UINT64_MAX, UINT64_MAX, 64 },
      9,
      "too few open files for 9 ranks: a process has 68 of them, and may have 64" },
    { { 0, 0, 0 }, 1, "no memory for 1 ranks" },
};

int main(void)
{
    struct limits limits;
    struct rlimit files;
    struct error err;

    for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
        error_set(&err, "%s", "");
        limits_check(&table[i].limits, table[i].ranks, 4, &err);
        ok(*table[i].want ? !strncmp(err.text, table[i].want, strlen(table[i].want))
                          : !*err.text,
           "%d ranks: %s", table[i].ranks, err.text);
    }
    ok(limits_check(&table[8].limits, 1, 4, NULL) == -1, "a NULL error is allowed");
    limits_read("/nonexistent", &limits);
    ok(limits.memory > 0 && limits.memory < UINT64_MAX, "memory has a limit");
    ok(limits.threads > 0, "there is room for a thread");
    getrlimit(RLIMIT_NOFILE, &files);
    is_int((long long)limits.files, (long long)files.rlim_cur,
           "files as the shell says");
    return done_testing();
}
