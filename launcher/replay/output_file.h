/* output_file.h - a file that is replaced as a whole
 *
 * Whoever reads it sees the old contents or the new ones.  A link is followed.
 */
#ifndef REPLAY_OUTPUT_FILE_H
#define REPLAY_OUTPUT_FILE_H

#include <stddef.h>

#include "kernel/base/error.h"

/* Whether 'path' can be written, found out by trying; leaves nothing behind. */
int output_file_check(const char *path, struct error *err);

int output_file_write(const char *path, const void *data, size_t size,
                      struct error *err);

#endif
