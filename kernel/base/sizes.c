/* sizes.c - how many ranks %ranks N gave to which notebook */
#include "kernel/base/sizes.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "kernel/base/buf.h"
#include "kernel/base/file.h"
#include "kernel/base/mem.h"
#include "kernel/base/order.h"

#define LINES_MAX 500
#define FILE_MAX ((size_t)1 << 20)
#define NAME_MAX_BYTES 2000 /* LINES_MAX of them fit */

/* NULL with 'err' when nobody says where. */
static char *state_folder(struct error *err)
{
    const char *state = getenv("XDG_STATE_HOME"), *home = getenv("HOME");

    if (state && *state == '/')
        return xasprintf("%s/rankbook", state);
    if (home && *home == '/')
        return xasprintf("%s/.local/state/rankbook", home);
    error_set(err, "neither XDG_STATE_HOME nor HOME is set");
    return NULL;
}

/* All of the file; nothing when there is none. */
static int read_file(const char *path, struct buf *out, struct error *err)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    ssize_t size = 0;

    if (fd < 0)
        return errno == ENOENT ? 0 : error_set(err, "%s: %s", path, strerror(errno));
    while (out->size <= FILE_MAX && (size = read(fd, buf_reserve(out, 4096), 4096)) > 0)
        out->size += (size_t)size;
    if (size < 0)
        error_set(err, "%s: %s", path, strerror(errno));
    close(fd);
    if (size < 0)
        return -1;
    if (out->size > FILE_MAX)
        return error_set(err, "%s: more than %zu bytes", path, FILE_MAX);
    return 0;
}

struct line {
    int ranks;
    const char *name; /* not ended */
    size_t size;
};

/* "8 /home/me/a.ipynb" */
static bool cut_line(const char *text, size_t size, struct line *out)
{
    size_t i = 0;

    out->ranks = 0;
    for (; i < size && text[i] >= '0' && text[i] <= '9' && out->ranks <= RANKS_MAX; i++)
        out->ranks = out->ranks * 10 + (text[i] - '0');
    if (out->ranks < 1 || out->ranks > RANKS_MAX || i + 1 >= size || text[i] != ' ')
        return false;
    out->name = text + i + 1;
    out->size = size - i - 1;
    return !memchr(out->name, '\0', out->size);
}

/* The next line at '*at', or the rest.  False at the end. */
static bool next_line(const char **at, const char *end, const char **text, size_t *size)
{
    const char *stop;

    if (*at == end)
        return false;
    stop = memchr(*at, '\n', (size_t)(end - *at));
    *text = *at;
    *size = (size_t)((stop ? stop : end) - *at);
    *at = stop ? stop + 1 : end;
    return true;
}

static bool is_about(const struct line *line, const char *notebook)
{
    return line->size == strlen(notebook) && !memcmp(line->name, notebook, line->size);
}

static int find(const struct buf *file, const char *notebook, struct error *err)
{
    const char *at = file->data, *end = at + file->size, *text;
    int number = 0, broken = 0;
    struct line line;
    size_t size;

    while (file->size && next_line(&at, end, &text, &size)) {
        number++;
        if (!cut_line(text, size, &line))
            broken = number;
        else if (is_about(&line, notebook))
            return line.ranks;
    }
    if (broken)
        return error_set(err, "line %d is no number of ranks and a notebook", broken);
    return 0;
}

int sizes_recall(const char *notebook, struct error *err)
{
    char *folder = state_folder(err);
    char *path = folder ? xasprintf("%s/sizes", folder) : NULL;
    struct buf file = { 0 };
    int ranks = -1;

    if (path && read_file(path, &file, err) == 0
        && (ranks = find(&file, notebook, err)) < 0)
        error_prefix(err, "%s", path);
    buf_clear(&file);
    free(path);
    free(folder);
    return ranks;
}

/* The other notebooks' lines, as far as they are kept. */
static void add_others(struct buf *out, const struct buf *file, const char *notebook)
{
    const char *at = file->data, *end = at + file->size, *text;
    int kept = 1;
    struct line line;
    size_t size;

    while (file->size && kept < LINES_MAX && next_line(&at, end, &text, &size)) {
        if (!cut_line(text, size, &line) || is_about(&line, notebook))
            continue;
        buf_add(out, text, size);
        buf_add_text(out, "\n");
        kept++;
    }
}

int sizes_remember(const char *notebook, int ranks, struct error *err)
{
    struct buf old = { 0 }, file = { 0 };
    char *folder, *path;
    int rc = -1;

    if (!*notebook || strchr(notebook, '\n') || strlen(notebook) > NAME_MAX_BYTES)
        return error_set(err, "the notebook's name is too long, or more than a line");
    if (!(folder = state_folder(err)))
        return -1;
    path = xasprintf("%s/sizes", folder);
    /* One that cannot be read is replaced. */
    read_file(path, &old, NULL);
    if (old.size > FILE_MAX)
        buf_reset(&old);
    if (ranks)
        buf_add_format(&file, "%d %s\n", ranks, notebook);
    add_others(&file, &old, notebook);
    if (file_make_dirs(folder, err) == 0)
        rc = file_replace(path, buf_text(&file), file.size, 0600, err);
    buf_clear(&old);
    buf_clear(&file);
    free(path);
    free(folder);
    return rc;
}
