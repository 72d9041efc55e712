/* spill.c - the file that takes what a cell's output is too much for a notebook */
#include "kernel/front/gather/spill.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "kernel/base/mem.h"

struct spill {
    FILE *file;
    char *path;
};

/* Makes each folder on the way; those that exist are fine. */
static void make_folders(char *path)
{
    for (char *slash = strchr(path + 1, '/'); slash; slash = strchr(slash + 1, '/')) {
        *slash = '\0';
        mkdir(path, 0700);
        *slash = '/';
    }
}

static FILE *open_in(char *folder, uint64_t cell, char **path)
{
    char stamp[32];
    time_t now = time(NULL);
    struct tm tm;
    FILE *file = NULL;
    int fd;

    strftime(stamp, sizeof(stamp), "%Y%m%d-%H%M%S", localtime_r(&now, &tm));
    *path = xasprintf("%s/output-%s-%d-%llu.txt", folder, stamp, (int)getpid(),
                      (unsigned long long)cell);
    make_folders(*path);
    /* Never somebody else's file, nor what a link points to. */
    fd = open(*path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (fd < 0 || !(file = fdopen(fd, "w"))) {
        if (fd >= 0)
            close(fd);
        free(*path);
        *path = NULL;
    }
    return file;
}

struct spill *spill_open(uint64_t cell)
{
    struct spill *spill = xcalloc(1, sizeof(*spill));
    const char *state = getenv("XDG_STATE_HOME"), *home = getenv("HOME");
    char *folder;

    if (state && *state == '/')
        folder = xasprintf("%s/rankbook", state);
    else
        folder = xasprintf("%s/.local/state/rankbook", home && *home ? home : "/tmp");
    spill->file = open_in(folder, cell, &spill->path);
    free(folder);
    if (!spill->file) {
        char tmp[] = "/tmp";

        spill->file = open_in(tmp, cell, &spill->path);
    }
    if (!spill->file)
        spill->path = xasprintf("no file (%s) and lost", strerror(errno));
    return spill;
}

void spill_close(struct spill *spill, bool is_known)
{
    if (!spill)
        return;
    if (spill->file)
        fclose(spill->file);
    if (!is_known)
        unlink(spill->path);
    free(spill->path);
    free(spill);
}

const char *spill_path(const struct spill *spill)
{
    return spill->path;
}

void spill_write(struct spill *spill, const char *text, size_t size)
{
    if (spill->file)
        fwrite(text, 1, size, spill->file);
}

int spill_flush(struct spill *spill, struct error *err)
{
    if (!spill->file) /* the path has said so, or we have */
        return 0;
    if (fflush(spill->file) == 0 && !ferror(spill->file))
        return 0;
    error_set(err, "%s takes no more: %s", spill->path, strerror(errno));
    fclose(spill->file);
    spill->file = NULL;
    return -1;
}
