/* exits.h - how an interpreter ended, in words for the user
 *
 * Pure functions: text in, text out.
 */
#ifndef KEEPER_EXITS_H
#define KEEPER_EXITS_H

#include "kernel/base/buf.h"

/* "SIGSEGV"; "signal 64" for one without a name. */
void exits_signal_name(int signal, struct buf *out);

/* Where Python was, from what the faulthandler wrote, innermost frame first: "line
 * 3 of the cell, in f", "line 70 of lib.py, in g", or "line 3 of the cell (at line 70
 * of lib.py, in g)"; "another cell" is one that ran before.  Nothing when there is no
 * frame. */
void exits_where(const char *fault, struct buf *out);

/* "rank 3 died: killed by SIGSEGV (segmentation fault)", or "rank 3 ended with
 * exit status 2"; 'status' is that of waitpid().  'why' is what more is known of the
 * signal's cause than its name says, or NULL. */
void exits_text(int rank, int status, const char *why, const char *where,
                struct buf *out);

/* "rank 3 could not start: ..." with 'words', what it wrote before it took cells
 * (may be ""). */
void exits_start_text(int rank, int status, const char *words, struct buf *out);

#endif
