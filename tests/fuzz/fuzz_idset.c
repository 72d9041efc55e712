/* fuzz_idset.c - a set as text: what is read, written and read again is equal */
#include <stdint.h>
#include <stdlib.h>

#include "kernel/base/idset.h"
#include "kernel/base/mem.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    /* xstrndup() reads no further than 'size' */
    char *text = xstrndup(size ? (const char *)data : "", size), *again;
    struct error err = { "" };
    struct idset *set = idset_decode(text, &err), *twin;

    if (!set && !err.text[0])
        abort();
    if (set) {
        again = idset_encode(set);
        if (!(twin = idset_decode(again, NULL)) || !idset_is_equal(set, twin))
            abort();
        idset_destroy(twin);
        free(again);
    }
    idset_destroy(set);
    free(text);
    return 0;
}
