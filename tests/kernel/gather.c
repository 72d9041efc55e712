/* gather.c - a gather as a shared object, for tests that are written in Python
 *
 * What it publishes is kept: a line with the type, and a line with the content.
 */
#include "kernel/front/gather/gather.h"

#include <stdlib.h>
#include <string.h>

#include "kernel/base/buf.h"
#include "kernel/base/mem.h"
#include "kernel/front/gather/display.h"

struct player {
    struct displays *displays;
    struct gather *gather;
    struct buf published;
};

struct player *player_create(int ranks, enum gather_mode mode);
void player_destroy(struct player *player);
void player_stream(struct player *player, int rank, const char *name, const char *text,
                   size_t size, int64_t now);
void player_message(struct player *player, int rank, const char *type,
                    const char *content, int64_t now);
void player_done(struct player *player, int rank, int64_t now);
void player_finish(struct player *player, int64_t now);
int64_t player_deadline(const struct player *player);
void player_tick(struct player *player, int64_t now);
const char *player_published(const struct player *player);

static void on_publish(const struct message_out *out, void *arg)
{
    struct player *player = arg;

    buf_add_format(&player->published, "%s\n", out->type);
    buf_add(&player->published, out->content.data, out->content.size);
    buf_add(&player->published, "\n", 1);
}

struct player *player_create(int ranks, enum gather_mode mode)
{
    struct player *player = xcalloc(1, sizeof(*player));
    struct idset *targets = idset_create_range(0, ranks);
    struct gather_config config = {
        .targets = targets,
        .mode = mode,
        .displays = player->displays = displays_create(),
        .cell = 1,
        .publish = on_publish,
        .arg = player,
    };

    player->gather = gather_create(&config);
    idset_destroy(targets);
    return player;
}

void player_destroy(struct player *player)
{
    gather_destroy(player->gather);
    displays_destroy(player->displays);
    buf_clear(&player->published);
    free(player);
}

void player_stream(struct player *player, int rank, const char *name, const char *text,
                   size_t size, int64_t now)
{
    gather_stream(player->gather, rank, name, text, size, now);
}

void player_message(struct player *player, int rank, const char *type,
                    const char *content, int64_t now)
{
    struct message_part part = { content, strlen(content) };

    gather_message(player->gather, rank, type, part, NULL, 0, now);
}

void player_done(struct player *player, int rank, int64_t now)
{
    gather_done(player->gather, rank, now);
}

void player_finish(struct player *player, int64_t now)
{
    gather_finish(player->gather, now);
}

int64_t player_deadline(const struct player *player)
{
    return gather_deadline(player->gather);
}

void player_tick(struct player *player, int64_t now)
{
    gather_tick(player->gather, now);
}

const char *player_published(const struct player *player)
{
    return buf_text(&player->published);
}
