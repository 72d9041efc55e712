/* comms.c - which ranks hold which comm (widgets) */
#include "kernel/front/comms.h"

#include <stdlib.h>
#include <string.h>

#include "kernel/base/mem.h"

struct comm {
    struct comm *next;
    char *id;
    char *target;
    struct idset *holders;
    bool is_open; /* the client has been told */
};

struct comms {
    struct comm *first;
};

struct comms *comms_create(void)
{
    return xcalloc(1, sizeof(struct comms));
}

static void comm_destroy(struct comm *comm)
{
    idset_destroy(comm->holders);
    free(comm->id);
    free(comm->target);
    free(comm);
}

void comms_destroy(struct comms *comms)
{
    struct comm *comm;

    if (!comms)
        return;
    while ((comm = comms->first)) {
        comms->first = comm->next;
        comm_destroy(comm);
    }
    free(comms);
}

static struct comm *comm_find(const struct comms *comms, const char *id)
{
    struct comm *comm = comms->first;

    while (comm && strcmp(comm->id, id))
        comm = comm->next;
    return comm;
}

void comms_add(struct comms *comms, const char *id, const char *target, int rank)
{
    struct comm *comm = comm_find(comms, id);

    if (!comm) {
        comm = xcalloc(1, sizeof(*comm));
        comm->id = xstrdup(id);
        comm->target = xstrdup(target);
        comm->holders = idset_create();
        comm->next = comms->first;
        comms->first = comm;
    }
    idset_add(comm->holders, rank);
}

void comms_leave(struct comms *comms, const char *id, int rank)
{
    struct comm *comm = comm_find(comms, id);

    if (comm)
        idset_remove(comm->holders, rank);
}

void comms_leave_all(struct comms *comms, int rank)
{
    for (struct comm *comm = comms->first; comm; comm = comm->next)
        idset_remove(comm->holders, rank);
}

void comms_renumber(struct comms *comms, const struct idset *living)
{
    for (struct comm *comm = comms->first; comm; comm = comm->next) {
        struct idset *holders = idset_create();
        int number = 0;

        for (int rank = idset_first(living); rank >= 0;
             rank = idset_next(living, rank), number++)
            if (idset_has(comm->holders, rank))
                idset_add(holders, number);
        idset_destroy(comm->holders);
        comm->holders = holders;
    }
}

void comms_remove(struct comms *comms, const char *id)
{
    struct comm **link = &comms->first, *comm;

    while (*link && strcmp((*link)->id, id))
        link = &(*link)->next;
    if (!(comm = *link))
        return;
    *link = comm->next;
    comm_destroy(comm);
}

bool comms_open(struct comms *comms, const char *id)
{
    struct comm *comm = comm_find(comms, id);
    bool was_open = comm && comm->is_open;

    if (comm)
        comm->is_open = true;
    return !was_open;
}

bool comms_close(struct comms *comms, const char *id)
{
    const struct comm *comm = comm_find(comms, id);

    if (!comm || idset_count(comm->holders) > 0)
        return false;
    comms_remove(comms, id);
    return true;
}

const struct idset *comms_holders(const struct comms *comms, const char *id)
{
    const struct comm *comm = comm_find(comms, id);

    return comm ? comm->holders : NULL;
}

bool comms_has_type(const struct message *msg)
{
    return !strncmp(message_type(msg), "comm_", 5)
           && strcmp(message_type(msg), "comm_info_request") != 0;
}

static const char *text_in(struct message *msg, const char *key)
{
    const char *text = json_string_value(json_object_get(message_content(msg), key));

    return text ? text : "";
}

struct idset *comms_address(struct comms *comms, struct message *msg,
                            const struct idset *living)
{
    const char *id = text_in(msg, "comm_id"), *type = message_type(msg);
    struct idset *targets = idset_create();
    const struct idset *holders;

    /* one without an id could not be spoken of */
    if (!strcmp(type, "comm_open") && *id) {
        for (int rank = idset_first(living); rank >= 0; rank = idset_next(living, rank))
            comms_add(comms, id, text_in(msg, "target_name"), rank);
        comms_open(comms, id);
    }
    holders = comms_holders(comms, id);
    for (int rank = holders ? idset_first(holders) : -1; rank >= 0;
         rank = idset_next(holders, rank))
        if (idset_has(living, rank))
            idset_add(targets, rank);
    if (!strcmp(type, "comm_close"))
        comms_remove(comms, id);
    return targets;
}

void comms_end(struct comms *comms, comms_f call, void *arg)
{
    struct comm *comm;

    while ((comm = comms->first)) {
        comms->first = comm->next;
        if (comm->is_open)
            call(comm->id, arg);
        comm_destroy(comm);
    }
}

json_t *comms_list(const struct comms *comms, const char *target)
{
    json_t *list = json_object();

    for (const struct comm *comm = comms->first; comm; comm = comm->next)
        if (idset_count(comm->holders) > 0
            && (!target || !strcmp(comm->target, target)))
            json_object_set_new(list, comm->id,
                                json_pack("{s:s}", "target_name", comm->target));
    return list;
}
