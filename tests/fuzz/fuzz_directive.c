/* fuzz_directive.c - the code of a cell; the first byte is the size of the world */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "kernel/base/mem.h"
#include "magics/directive.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Targets are some of the ranks that there are. */
static void check_ranks(const struct idset *ranks, int size)
{
    int last = -1;

    for (int id = idset_first(ranks); id >= 0; id = idset_next(ranks, id))
        last = id;
    if (last < 0 || last >= size)
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct error err = { "" };
    struct directive directive;
    struct idset *ranks;
    char *code;
    int world;

    if (!size)
        return 0;
    world = *data + 1;
    code = xstrndup((const char *)data + 1, size - 1);
    if (directive_decode(code, world, &directive, &err) == 0) {
        if (directive.ranks)
            check_ranks(directive.ranks, world);
        directive_clear(&directive);
    } else if (!err.text[0] || strchr(err.text, '\n')) {
        abort(); /* a UsageError is one line */
    }
    if ((ranks = directive_ranks(code, world, &err)))
        check_ranks(ranks, world);
    idset_destroy(ranks);
    free(code);
    return 0;
}
