/* files.h - small work on files and directories */
#ifndef LAUNCHER_FILES_H
#define LAUNCHER_FILES_H

#include <stddef.h>

#include "kernel/base/error.h"

/* Removes a directory and all that is in it; links are not followed. */
void files_remove_tree(const char *path);

/* All that is in a directory, but for one entry. */
void files_remove_others(const char *path, const char *spared);

/* A new file of 'size' bytes, mode 0666 less the umask. */
int files_write(const char *path, const void *data, size_t size, struct error *err);
int files_copy(const char *from, const char *to, struct error *err);

#endif
