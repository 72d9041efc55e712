/* parcel.h - the header of an object that is more than one message
 *
 * A pickle that fits PARCEL_MAX is one message: the pickle.  Everything larger is a
 * header on the user's communicator, where matching, order and wildcards are MPI's, and
 * pieces, which follow on the payload communicator (transfer.h).  The header says who
 * sends the pieces, with which tag, and how long each is.  The pickle comes in the
 * header itself, or is the first piece; the others are the buffers that pickle has kept
 * out of it, in their order.
 *
 * No pickle begins with the first byte of a header.  Nothing here calls MPI or Python.
 */
#ifndef SRC_PARCEL_H
#define SRC_PARCEL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    PARCEL_MAX = 16384,    /* bytes of a header, with its pickle */
    PARCEL_HEAD = 32,      /* without, and without pieces */
    PARCEL_PIECES = 1024,  /* what pickle keeps out beyond that stays in */
    PARCEL_SIZE_BYTES = 8, /* of the size of a piece */
};

struct parcel {
    int sender; /* on the payload communicator */
    int tag;
    int count;          /* of the pieces */
    const void *pickle; /* NULL: it is the first piece */
    size_t pickle_size;
    const void *sizes; /* of the pieces; not aligned */
};

/* How long a header is. */
size_t parcel_length(const struct parcel *parcel);

/* Writes a header of so many bytes; 'sizes' of the parcel are those of an array of
 * uint64_t. */
void parcel_encode(const struct parcel *parcel, void *out);

/* True when a message begins like a header; which may still be damaged. */
bool parcel_is_one(const void *data, size_t nbytes);

/* What a header says; it points into 'data'.  -1 when it is damaged: the sender is none
 * of 'senders', a tag is negative, lengths do not add up. */
int parcel_decode(struct parcel *parcel, const void *data, size_t nbytes, int senders);

/* The size of piece 'idx'. */
size_t parcel_size(const struct parcel *parcel, int idx);

#endif
