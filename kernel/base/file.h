/* file.h - files that are replaced as a whole
 *
 * Whoever reads one sees the old contents or the new ones.  A link is followed.
 */
#ifndef BASE_FILE_H
#define BASE_FILE_H

#include <stddef.h>
#include <sys/types.h>

#include "kernel/base/error.h"

/* Whether 'path' can be replaced, found out by trying; leaves nothing behind. */
int file_check(const char *path, struct error *err);

/* Written beside and renamed.  'mode' is the file's; 0 stands for that of the old
 * file, and without one for what the umask leaves. */
int file_replace(const char *path, const void *data, size_t size, mode_t mode,
                 struct error *err);

/* Makes the directory 'path' and those above it that are missing. */
int file_make_dirs(const char *path, struct error *err);

/* All of 'data', however often the descriptor takes only a part; -1 and errno. */
int file_write_all(int fd, const void *data, size_t size);

#endif
