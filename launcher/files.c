/* files.c - small work on files and directories */
#include "launcher/files.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "kernel/base/buf.h"
#include "kernel/base/file.h"
#include "kernel/base/mem.h"

static int remove_one(const char *path, const struct stat *info, int type,
                      struct FTW *where)
{
    remove(path);
    return 0;
}

void files_remove_tree(const char *path)
{
    nftw(path, remove_one, 8, FTW_DEPTH | FTW_PHYS);
}

void files_remove_others(const char *path, const char *spared)
{
    DIR *dir = opendir(path);
    struct dirent *entry;
    char *child;

    if (!dir)
        return;
    while ((entry = readdir(dir))) {
        if (!strcmp(entry->d_name, ".") || !strcmp(entry->d_name, "..")
            || !strcmp(entry->d_name, spared))
            continue;
        child = xasprintf("%s/%s", path, entry->d_name);
        files_remove_tree(child);
        free(child);
    }
    closedir(dir);
}

int files_write(const char *path, const void *data, size_t size, struct error *err)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
    int rc;

    if (fd < 0)
        return error_set(err, "write %s: %s", path, strerror(errno));
    rc = file_write_all(fd, data, size);
    if (close(fd) < 0 || rc < 0)
        return error_set(err, "write %s: %s", path, strerror(errno));
    return 0;
}

int files_copy(const char *from, const char *to, struct error *err)
{
    int fd = open(from, O_RDONLY | O_CLOEXEC), rc = -1;
    struct buf buf = { 0 };
    ssize_t size = -1;

    if (fd >= 0) {
        while ((size = read(fd, buf_reserve(&buf, 65536), 65536)) > 0)
            buf.size += (size_t)size;
    }
    if (size < 0)
        error_set(err, "read %s: %s", from, strerror(errno));
    else
        rc = files_write(to, buf.data, buf.size, err);
    if (fd >= 0)
        close(fd);
    buf_clear(&buf);
    return rc;
}
