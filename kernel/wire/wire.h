/* wire.h - what front and keepers say
 *
 * Over a stream socket: the front listens, each keeper connects, says HELLO and stays.
 * A message is a header of 40 bytes, then the sizes of its frames, u64 each, then the
 * frames, each followed by a NUL that is not counted.  All little-endian:
 *
 *     0  u32  magic    "RBK1"
 *     4  u16  version  WIRE_VERSION
 *     6  u16  type     enum wire_type
 *     8  i32  rank     who speaks, or who is spoken to
 *    12  u32  frames   how many frames follow
 *    16  u64  cell     the request the message belongs to, 0 for none
 *    24  u64  length   bytes in all frames that follow, less the NULs
 *    32  u64  reserved 0
 *
 * Encoding and decoding are pure (end.h has the socket); what comes from outside is
 * checked and refused, and with it the stream: nobody knows where the next one begins.
 * "json" below is a UTF-8 JSON object, passed on as it is wherever possible.
 */
#ifndef WIRE_WIRE_H
#define WIRE_WIRE_H

#include <stddef.h>
#include <stdint.h>

#include "kernel/base/buf.h"
#include "kernel/base/error.h"

#define WIRE_VERSION 2
#define WIRE_HEADER_SIZE 40
#define WIRE_FRAMES_MAX 1024
#define WIRE_LENGTH_MAX (1ull << 40)

/* Frames in brackets; 'buf...' is any number of binary frames. */
enum wire_type {
    /* front to keeper */
    WIRE_RUN = 1,     /* [options json, code]: run a cell.  Options: silent,
                         store_history, allow_stdin, stop_on_error, count,
                         user_expressions, cell_id, targets (idset text), lead
                         (bool: this rank speaks for all: payloads, history).  Or
                         [options json, content json, metadata json, buf...]: a
                         client's message on a comm; options: comm (its type),
                         parent */
    WIRE_ASK,         /* [msg_type, content json, metadata json]: a request
                         that a rank answers: complete_request, inspect_request,
                         is_complete_request, history_request, debug_request */
    WIRE_INTERRUPT,   /* [reason json]: {"reason": "stop"|"kill"|"peer"|"death",
                         "rank": r, "text": "rank 3 raised ValueError in cell 7"};
                         "kill" ends an interpreter that has not answered "stop",
                         and is "stop" to one that has */
    WIRE_INPUT_REPLY, /* [value], or ["", why there is none] */
    WIRE_STOP,        /* []: end the interpreter: finalize, exit */
    WIRE_BYE,         /* []: the keeper exits with status 0 */
    WIRE_PING,        /* []: the front lives; once a second */
    WIRE_BUSY,        /* ["1"|"0"]: other ranks compute while this one is idle: keep
                         MPI going (page.others) */
    WIRE_HEAL,        /* []: all ranks are idle after a cell that was interrupted or
                         raised: set MPI's collectives right */
    WIRE_HOLD, /* ["1"|"0"]: this rank is far ahead of others with what it writes:
                  read nothing more of it until they have come closer */
    WIRE_LOOK, /* []: where is the interpreter, and has it answered the last stop? */

    /* keeper to front */
    WIRE_HELLO = 32, /* [secret, info json {size, host, pid}] */
    WIRE_READY,      /* [info json {pid, python, ipython, implementation info for
                        kernel_info, mpi, mpi_rank, mpi_size}]: the interpreter
                        takes cells */
    WIRE_STREAM,     /* ["stdout"|"stderr"|"common", text]: UTF-8, maybe cut inside
                        a char only where the program itself wrote bytes;
                        "common" is stdout of one rank that speaks for all */
    WIRE_DISPLAY,    /* [msg_type, content json, buf...]: display_data,
                        update_display_data, clear_output: content as published */
    WIRE_RESULT,     /* [content json]: execute_result as published */
    WIRE_COMM,       /* [msg_type, content json, metadata json, buf...] */
    WIRE_INPUT,      /* [content json {prompt, password}]: input_request */
    WIRE_ANSWER,     /* [content json]: the reply's content to an ASK */
    WIRE_DONE,       /* [content json]: the rank has finished the cell: {status:
                        "ok"|"error", payload, user_expressions, ename, evalue,
                        traceback: [str], started, line} */
    WIRE_WAITING,    /* [json {call, comm, size, peer, tag, since_ms, started, arrived,
                        needs: ""|"any"|"all"|"life" of ranks: "0-3" (page.h), thread:
                        it is not the main thread, line, cell, id}], or [""] when it
                        moves again: the interpreter has waited in one MPI call for
                        more than half a second of a cell.  Of one that computes now
                        and then [json {line, cell}] */
    WIRE_HEALED,     /* [json {text, size}]: answer to HEAL; 'text' is "" or what the
                        cell should tell its user (drained messages, broken parts);
                        'size' that of the rank's MPI world, 0 without */
    WIRE_EXIT,       /* [json {status, signal, text, cpu, where}]: the interpreter
                        is gone; 'text' fit to show a user */
    WIRE_USAGE,      /* [json {rss, pss, cpu_percent}], about once in 5 s when
                        changed; for %ranks */
    WIRE_DEBUG,      /* [event json]: what the rank's debugger says by itself (DAP) */
    WIRE_SEEN,       /* [json {is_deaf: it has not answered a stop, call: the MPI call
                        that it waits in, or "", state: "R", "S", "D" as ps says,
                        where: "line 3 of the cell, in f" or "", why: what keeps
                        signals from it, or ""}]: answer to LOOK */
};

struct wire_frame {
    const void *data;
    size_t size;
};

struct wire_header {
    enum wire_type type;
    int rank;
    uint32_t frames;
    uint64_t cell;
    uint64_t length;
};

void wire_header_encode(const struct wire_header *header,
                        unsigned char out[WIRE_HEADER_SIZE]);

/* Refuses a wrong size, magic, version, type, or absurd numbers. */
int wire_header_decode(const void *data, size_t size, struct wire_header *header,
                       struct error *err);

/* "RUN"; "?" for an unknown type. */
const char *wire_type_name(enum wire_type type);

/* Appends a whole message to 'out'.  'header.frames' and 'header.length' are filled in
 * here. */
void wire_encode(struct buf *out, struct wire_header header,
                 const struct wire_frame *frames, uint32_t count);

/* A message that has come: the header and its frames, checked against each other. */
struct wire_message;

const struct wire_header *wire_message_header(const struct wire_message *msg);

/* The bytes are followed by a NUL.  Borrowed, as the message is. */
struct wire_frame wire_message_frame(const struct wire_message *msg, uint32_t idx);

/* Collects bytes and gives messages out. */
struct wire_reader;

/* Whose words it reads: others are refused. */
enum wire_side { WIRE_OF_FRONT, WIRE_OF_KEEPER };

struct wire_reader *wire_reader_create(enum wire_side side);

/* Accepts NULL. */
void wire_reader_destroy(struct wire_reader *reader);

/* Messages with more bytes in their frames are refused; at first, those above
 * WIRE_LENGTH_MAX.  For somebody who has yet to say who it is. */
void wire_reader_limit(struct wire_reader *reader, uint64_t length);

void wire_reader_add(struct wire_reader *reader, const void *data, size_t size);

/* Reads what is there.  1: read something, or there was nothing yet; 0: end of file;
 * -1: error. */
int wire_reader_fill(struct wire_reader *reader, int fd, struct error *err);

/* The next whole message, borrowed until the reader is used again.  NULL with an
 * 'err' text of "" when more bytes are needed, NULL with 'err' when they are no
 * message.  'err' must not be NULL. */
const struct wire_message *wire_reader_next(struct wire_reader *reader,
                                            struct error *err);

#endif
