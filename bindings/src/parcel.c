/* parcel.c - the header of an object that is more than one message */
#include "bindings/src/parcel.h"

#include <string.h>

/* Pickles begin with 0x80, or, in the oldest protocols, with a printable character. */
static const char magic[8] = { 1, 'p', 'a', 'r', 'c', 'e', 'l', 1 };

struct head {
    char magic[sizeof(magic)];
    uint32_t sender, tag, count, has_pickle;
    uint64_t pickle_size;
};
_Static_assert(sizeof(struct head) == PARCEL_HEAD, "a head has no gaps");

size_t parcel_length(const struct parcel *parcel)
{
    return PARCEL_HEAD + (size_t)parcel->count * PARCEL_SIZE_BYTES
           + (parcel->pickle ? parcel->pickle_size : 0);
}

void parcel_encode(const struct parcel *parcel, void *out)
{
    size_t sizes = (size_t)parcel->count * PARCEL_SIZE_BYTES;
    struct head head = {
        .sender = (uint32_t)parcel->sender,
        .tag = (uint32_t)parcel->tag,
        .count = (uint32_t)parcel->count,
        .has_pickle = parcel->pickle != NULL,
        .pickle_size = parcel->pickle ? parcel->pickle_size : 0,
    };
    char *at = out;

    memcpy(head.magic, magic, sizeof(magic));
    memcpy(at, &head, sizeof(head));
    memcpy(at + PARCEL_HEAD, parcel->sizes, sizes);
    if (parcel->pickle)
        memcpy(at + PARCEL_HEAD + sizes, parcel->pickle, parcel->pickle_size);
}

bool parcel_is_one(const void *data, size_t nbytes)
{
    return nbytes >= PARCEL_HEAD && memcmp(data, magic, sizeof(magic)) == 0;
}

size_t parcel_size(const struct parcel *parcel, int idx)
{
    uint64_t size;

    memcpy(&size, (const char *)parcel->sizes + (size_t)idx * PARCEL_SIZE_BYTES,
           sizeof(size));
    return (size_t)size;
}

/* Memory for all of it can be asked for. */
static bool are_sizes_possible(const struct parcel *parcel)
{
    size_t left = PTRDIFF_MAX;
    int idx;

    for (idx = 0; idx < parcel->count; idx++) {
        if (parcel_size(parcel, idx) > left)
            return false;
        left -= parcel_size(parcel, idx);
    }
    return true;
}

int parcel_decode(struct parcel *parcel, const void *data, size_t nbytes, int senders)
{
    struct parcel found;
    struct head head;

    if (!parcel_is_one(data, nbytes) || nbytes > PARCEL_MAX)
        return -1;
    memcpy(&head, data, sizeof(head));
    if (head.sender >= (uint32_t)senders || head.tag > INT32_MAX
        || head.count > PARCEL_PIECES + 1 || head.has_pickle > 1
        || head.count + head.has_pickle == 0 || head.pickle_size > PARCEL_MAX)
        return -1;
    found = (struct parcel){
        .sender = (int)head.sender,
        .tag = (int)head.tag,
        .count = (int)head.count,
        .pickle_size = (size_t)head.pickle_size,
        .sizes = (const char *)data + PARCEL_HEAD,
    };
    if (head.has_pickle)
        found.pickle = (const char *)found.sizes + head.count * PARCEL_SIZE_BYTES;
    if (parcel_length(&found) != nbytes || !are_sizes_possible(&found))
        return -1;
    *parcel = found;
    return 0;
}
