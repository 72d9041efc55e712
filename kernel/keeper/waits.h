/* waits.h - whether the interpreter waits in MPI, seen from outside
 *
 * While a cell runs the page is looked at four times a second.  A wait that has
 * lasted half a second is worth a word to the front, and so is its end.  Of a rank that
 * computes the front learns once a second at which line it is.
 */
#ifndef KEEPER_WAITS_H
#define KEEPER_WAITS_H

#include <stdint.h>

#include "kernel/base/loop.h"
#include "kernel/page/page.h"

struct waits;

/* 'text' is the content of WIRE_WAITING: JSON, or "" when it moves again. */
typedef void (*waits_f)(const char *text, void *arg);

/* The interpreter is to write into the page at which line it is. */
typedef void (*waits_ask_f)(void *arg);

/* 'page' is borrowed. */
struct waits *waits_create(struct loop *loop, struct page *page, waits_f call,
                           waits_ask_f ask, void *arg);
void waits_destroy(struct waits *waits);

/* Around a cell; nothing is looked at outside. */
void waits_start(struct waits *waits, int thread);
void waits_stop(struct waits *waits);

/* "{"call": "Recv", ...}", to be freed: pure, for waits.c and its test.  'thread' is
 * the interpreter's main thread, 'place' as in the page. */
char *waits_encode(const struct page_wait *wait, int thread, uint64_t place,
                   uint64_t now_ns);

#endif
