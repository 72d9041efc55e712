/* records.h - the keeper's end of the record stream
 *
 * Never blocks: records to an interpreter that does not read (its GIL may be held
 * for minutes) wait here.
 */
#ifndef KEEPER_RECORDS_H
#define KEEPER_RECORDS_H

#include "kernel/base/error.h"
#include "kernel/base/loop.h"
#include "kernel/page/record.h"

struct records;

struct records_calls {
    /* Before records are read: what came by other ways comes first. */
    void (*before)(void *arg);

    /* 'record' is borrowed. */
    void (*record)(const struct record *record, void *arg);

    /* All that was there has been handed over. */
    void (*after)(void *arg);

    /* The stream is no record stream, or failed; it is not read any more. */
    void (*broken)(const char *reason, void *arg);
    void *arg;
};

/* Takes 'fd'; 'calls' is copied. */
struct records *records_create(struct loop *loop, int fd,
                               const struct records_calls *calls);
void records_destroy(struct records *records);

/* Frames are copied.  Dropped when the interpreter is gone. */
void records_send(struct records *records, enum record_type type, uint64_t cell,
                  const struct record_frame *frames, uint32_t count);

/* Hands over all that is there now. */
void records_drain(struct records *records);
void records_pause(struct records *records, int paused);

#endif
