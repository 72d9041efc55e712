/* record.h - what keeper and interpreter say over their socketpair
 *
 * A SOCK_STREAM of records, each a header and its frames:
 *
 *     u32 magic "RBR1", u16 type, u16 frames, u64 cell, u64 size of each frame,
 *     then the bytes of the frames; little-endian
 *
 * The types and their frames are those of wire.h with the same names; the keeper
 * passes most of them on unchanged.
 */
#ifndef PAGE_RECORD_H
#define PAGE_RECORD_H

#include <stddef.h>
#include <stdint.h>

#include "kernel/base/buf.h"
#include "kernel/base/error.h"

#define RECORD_FRAMES_MAX 1024

enum record_type {
    /* keeper to interpreter */
    RECORD_RUN = 1,
    RECORD_ASK,
    RECORD_INPUT_REPLY,
    RECORD_STOP,
    RECORD_HEAL,

    /* interpreter to keeper */
    RECORD_READY = 32,
    RECORD_STREAM,
    RECORD_DISPLAY,
    RECORD_RESULT,
    RECORD_COMM,
    RECORD_INPUT,
    RECORD_ANSWER,
    RECORD_DONE,
    RECORD_HEALED,
    RECORD_DEBUG,
};

struct record_frame {
    const void *data;
    size_t size;
};

struct record {
    enum record_type type;
    uint64_t cell;
    uint32_t count;
    struct record_frame *frames; /* point into the record's own memory */
};

/* Appends the header (with the sizes of 'frames') to 'out'; not their bytes. */
void record_header_encode(struct buf *out, enum record_type type, uint64_t cell,
                          const struct record_frame *frames, uint32_t count);

/* Appends a whole record: for a writer that must not wait. */
void record_encode(struct buf *out, enum record_type type, uint64_t cell,
                   const struct record_frame *frames, uint32_t count);

/* Writes one record to the socket 'fd', whole, however often the descriptor takes only
 * a part; waits with poll() when it is non-blocking.  Not for two threads at once. */
int record_write(int fd, enum record_type type, uint64_t cell,
                 const struct record_frame *frames, uint32_t count, struct error *err);

/* "RUN"; "?" for an unknown type. */
const char *record_type_name(enum record_type type);

/* Collects bytes and gives records out.  Embedded: zeroed is empty. */
struct record_reader {
    struct buf in;
    size_t used; /* bytes of 'in' that were given out */
};

/* Reads what is there.  1: read something, 0: end of file, -1: error; EAGAIN is 1. */
int record_reader_fill(struct record_reader *reader, int fd, struct error *err);

/* The next whole record, to be destroyed by the caller; NULL with an empty
 * 'err->text' when more bytes are needed, NULL with 'err' when the bytes are no
 * record, or one whose number of frames its type does not have (the stream cannot be
 * used any more).  Every frame is followed by a NUL
 * that is not counted.  'err' must not be NULL. */
struct record *record_reader_next(struct record_reader *reader, struct error *err);
void record_reader_clear(struct record_reader *reader);
void record_destroy(struct record *record);

#endif
