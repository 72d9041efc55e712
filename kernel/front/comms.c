/* comms.c - which rank owns which comm (widgets) */
#include "kernel/front/comms.h"

#include <stdlib.h>
#include <string.h>

#include "kernel/base/mem.h"

struct comms {
    json_t *all; /* id: {target_name, rank} */
};

struct comms *comms_create(void)
{
    struct comms *comms = xcalloc(1, sizeof(*comms));

    comms->all = json_object();
    return comms;
}

void comms_destroy(struct comms *comms)
{
    if (!comms)
        return;
    json_decref(comms->all);
    free(comms);
}

void comms_add(struct comms *comms, const char *id, const char *target, int rank)
{
    json_object_set_new(comms->all, id,
                        json_pack("{s:s, s:i}", "target_name", target, "rank", rank));
}

void comms_remove(struct comms *comms, const char *id)
{
    json_object_del(comms->all, id);
}

int comms_owner(const struct comms *comms, const char *id)
{
    const json_t *rank = json_object_get(json_object_get(comms->all, id), "rank");

    return rank ? (int)json_integer_value(rank) : -1;
}

json_t *comms_list(const struct comms *comms, const char *target)
{
    json_t *list = json_object(), *comm;
    const char *id;

    json_object_foreach(comms->all, id, comm)
    {
        const char *name = json_string_value(json_object_get(comm, "target_name"));

        if (!target || !strcmp(name, target))
            json_object_set_new(list, id, json_pack("{s:s}", "target_name", name));
    }
    return list;
}
