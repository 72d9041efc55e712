/* sizes.h - how many ranks %ranks N gave to which notebook
 *
 * A file of the user's, rankbook/sizes in XDG_STATE_HOME, with a line for each
 * notebook: the number and the name, the newest first, of which the last few hundred
 * are kept.  Readers see it as it was or as it is.  Two kernels that write at the
 * same moment may lose one of their lines: a notebook then starts with its kernel's
 * own number.
 */
#ifndef BASE_SIZES_H
#define BASE_SIZES_H

#include "kernel/base/error.h"

/* 0 when none is remembered; -1 with 'err' when the file cannot be read, or has no
 * such notebook and lines that nobody could have written. */
int sizes_recall(const char *notebook, struct error *err);

/* 'ranks' 0: none from now on.  -1 with 'err', and the file is as it was. */
int sizes_remember(const char *notebook, int ranks, struct error *err);

#endif
