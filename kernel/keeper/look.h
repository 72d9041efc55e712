/* look.h - where the interpreter is, seen from outside
 *
 * For one that does not answer: the page says in which MPI call its main thread waits,
 * the system what that thread does and which signals reach it, and a signal handler
 * in it writes the Python frames.  None of that needs the GIL.
 */
#ifndef KEEPER_LOOK_H
#define KEEPER_LOOK_H

#include <stdbool.h>

#include "kernel/base/loop.h"
#include "kernel/page/page.h"

struct interpreter;
struct look;

/* 'json' is the content of WIRE_SEEN. */
typedef void (*look_f)(const char *json, void *arg);

/* All borrowed. */
struct look *look_create(struct loop *loop, struct page *page,
                         struct interpreter *interpreter, look_f call, void *arg);

/* Accepts NULL. */
void look_destroy(struct look *look);

/* 'call' hears of it within a second.  'is_deaf': it has not answered a Stop. */
void look_begin(struct look *look, bool is_deaf);

/* The last one is not told, and forgotten: the cell has ended. */
void look_forget(struct look *look);

/* Where it was when it was last looked at; "" when that is not known. */
const char *look_where(const struct look *look);

#endif
