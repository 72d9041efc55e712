/* file.c - files that are replaced as a whole */
#include "kernel/base/file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "kernel/base/mem.h"

/* The file that 'path' leads to, and a new one beside it; both to be freed. */
struct beside {
    char *target;
    char *path;
    int fd;
};

/* What a new file has: open() would apply the umask, mkostemp() does not. */
static mode_t new_mode(void)
{
    mode_t mask = umask(0);

    umask(mask);
    return 0666 & ~mask;
}

static int beside_open(struct beside *beside, const char *path, mode_t mode,
                       struct error *err)
{
    struct stat info;

    if (!(beside->target = realpath(path, NULL)))
        beside->target = xstrdup(path);
    beside->fd = -1;
    beside->path = xasprintf("%s.XXXXXX", beside->target);
    if (stat(beside->target, &info) == 0) {
        /* rename() would put a file in the place of /dev/null */
        if (!S_ISREG(info.st_mode))
            return error_set(err, "write %s: not a file", path);
        if (!mode)
            mode = info.st_mode & 0777;
    }
    if ((beside->fd = mkostemp(beside->path, O_CLOEXEC)) < 0)
        return error_set(err, "write %s: %s", path, strerror(errno));
    if (fchmod(beside->fd, mode ? mode : new_mode()) < 0) {
        error_set(err, "write %s: %s", path, strerror(errno));
        unlink(beside->path);
        return -1;
    }
    return 0;
}

static void beside_clear(struct beside *beside)
{
    if (beside->fd >= 0)
        close(beside->fd);
    free(beside->target);
    free(beside->path);
}

int file_check(const char *path, struct error *err)
{
    struct beside beside;
    int rc = beside_open(&beside, path, 0, err);

    if (rc == 0)
        unlink(beside.path);
    beside_clear(&beside);
    return rc;
}

int file_write_all(int fd, const void *data, size_t size)
{
    const char *rest = data;

    while (size > 0) {
        ssize_t count = write(fd, rest, size);

        if (count < 0 && errno == EINTR)
            continue;
        if (count < 0)
            return -1;
        rest += count;
        size -= (size_t)count;
    }
    return 0;
}

int file_replace(const char *path, const void *data, size_t size, mode_t mode,
                 struct error *err)
{
    struct beside beside;
    int rc = beside_open(&beside, path, mode, err);

    if (rc == 0
        && (file_write_all(beside.fd, data, size) < 0
            || rename(beside.path, beside.target) < 0)) {
        rc = error_set(err, "write %s: %s", path, strerror(errno));
        unlink(beside.path);
    }
    beside_clear(&beside);
    return rc;
}

int file_make_dirs(const char *path, struct error *err)
{
    char *copy = xstrdup(path);
    int rc = 0;

    for (char *p = copy + 1;; p++) {
        char kept = *p;

        if (kept != '/' && kept != '\0')
            continue;
        *p = '\0';
        if (mkdir(copy, 0777) < 0 && errno != EEXIST) {
            rc = error_set(err, "make the directory %s: %s", copy, strerror(errno));
            break;
        }
        if (!kept)
            break;
        *p = kept;
    }
    free(copy);
    return rc;
}
