/* stale.c - shared memory files that killed ranks left behind */
#include "launcher/stale.h"

#include <dirent.h>
#include <fcntl.h>
#include <poll.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "kernel/base/mem.h"
#include "kernel/base/platform.h"
#include "launcher/process.h"
#include "launcher/strings.h"

#define MOMENT_MS 100

static bool is_candidate(int dir, const char *name, time_t since)
{
    static const char *const prefixes[] = { "mpich_shm_", "ucx_shm_posix_",
                                            "mpich-shm_" };
    struct stat info;

    for (size_t i = 0; i < sizeof(prefixes) / sizeof(prefixes[0]); i++)
        if (!strncmp(name, prefixes[i], strlen(prefixes[i])))
            return fstatat(dir, name, &info, AT_SYMLINK_NOFOLLOW) == 0
                   && S_ISREG(info.st_mode) && info.st_uid == getuid()
                   && info.st_ctime >= since;
    return false;
}

static void find_candidates(const char *path, time_t since, struct strings *found)
{
    DIR *dir = opendir(path);
    struct dirent *entry;

    if (!dir)
        return;
    while ((entry = readdir(dir)))
        if (is_candidate(dirfd(dir), entry->d_name, since))
            strings_add_format(found, "%s/%s", path, entry->d_name);
    closedir(dir);
}

struct mapped {
    const char *prefix;
    struct strings paths;
};

static void add_path(const char *path, void *arg)
{
    strings_add(&((struct mapped *)arg)->paths, path);
}

static void add_maps(pid_t pid, void *arg)
{
    struct mapped *mapped = arg;

    platform_maps_files(pid, mapped->prefix, add_path, mapped);
}

/* Forgets those that some process has mapped. */
static void drop_mapped(struct strings *found, const char *prefix)
{
    struct mapped mapped = { .prefix = prefix };

    process_each(add_maps, &mapped);
    for (size_t i = 0; i < mapped.paths.count; i++)
        for (size_t j = 0; j < found->count; j++)
            if (!strcmp(mapped.paths.list[i], found->list[j]))
                found->list[j][0] = '\0';
    strings_clear(&mapped.paths);
}

int stale_remove(const char *dir, time_t since)
{
    struct strings found = { 0 };
    int count = 0;

    find_candidates(dir, since, &found);
    if (found.count)
        drop_mapped(&found, dir);
    for (size_t i = 0; i < found.count; i++)
        count += found.list[i][0] != '\0';
    if (count) {
        poll(NULL, 0, MOMENT_MS);
        drop_mapped(&found, dir);
    }
    count = 0;
    for (size_t i = 0; i < found.count; i++)
        if (found.list[i][0] && unlink(found.list[i]) == 0)
            count++;
    strings_clear(&found);
    return count;
}
