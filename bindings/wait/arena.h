/* arena.h - memory that the interpreters of one host share
 *
 * Made in MPI_Init by the ranks of MPI_COMM_WORLD when all of them can map it; a
 * memfd, so nothing is left behind however they end.  It holds
 *
 *   - a seat per rank: its process, and how often it has come to be healed;
 *   - places: where the members of one communicator meet (word.h), with a line per
 *     member that says what it called;
 *   - names of places, for members who have no communicator yet (rendezvous.h);
 *   - slots, two a member: what it brings to a small collective (carry.h), for the
 *     places that got some, as there are fewer.
 *
 * A place belongs to the members that hold it and is free again when the last has
 * let go.
 */
#ifndef WAIT_ARENA_H
#define WAIT_ARENA_H

#include <mpi.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "bindings/wait/call.h"
#include "bindings/wait/word.h"

struct arena;

#define ARENA_SLOT 65536 /* bytes */

/* Written by its member only.  'came' is stored after 'shape', and before the
 * member goes to the word. */
struct arena_member {
    struct call_shape shape;
    _Atomic uint32_t came;   /* the call that 'shape' describes */
    _Atomic uint32_t begun;  /* the last call that MPI accepted */
    _Atomic uint32_t failed; /* the last that it refused */
    _Atomic uint32_t reason; /* enum mpiwait_reason of the call it left */
    _Atomic uint32_t out;    /* the last that it has come out of; and of quiet.h: */
    _Atomic uint32_t quiet;  /* the call that it has found at rest */
    _Atomic uint64_t still;  /* what it has had its turns for */
    struct {                 /* as it came to be healed, the 'time'-th time */
        _Atomic uint32_t time;
        uint32_t calls, nonblocking, health;
    } heal;
} __attribute__((aligned(64)));

struct arena_place {
    _Atomic uint64_t words[WORD_RING];
    _Atomic uint32_t sleepers;
    _Atomic uint32_t holders;
    _Atomic int32_t slab; /* of slots; -1: none were left */
    struct arena_member member[] __attribute__((aligned(64)));
};

/* What a rank says about a new world (world.h), each by the number of a round. */
struct arena_seat {
    _Atomic int32_t pid;
    _Atomic uint32_t healed;
    _Atomic uint32_t wants;  /* it has found the present one broken */
    _Atomic uint32_t chosen; /* to be a member */
    _Atomic uint32_t made;   /* it has made its part */
} __attribute__((aligned(64)));

/* A round of it: one rank claims to choose the members, then all agree. */
struct arena_choice {
    _Atomic uint32_t claimed, made;
    _Atomic uint64_t verdict; /* round << 1 | good */
    int place;                /* of the new world; -1: none is free */
};

/* Collective over 'comm'.  NULL on all when not every rank can share it. */
struct arena *arena_create(MPI_Comm comm);
void arena_destroy(struct arena *arena);

/* A fresh place for 'members', by one of them; -1 when all are taken. */
int arena_take(struct arena *arena, int members);
struct arena_place *arena_place(struct arena *arena, int idx);
void arena_release(struct arena *arena, struct arena_place *place);

/* Slots for twice as many as there are ranks; NULL: this place has none. */
char *arena_slots(struct arena *arena, const struct arena_place *place);

/* The place of those who know 'key' now ('time'): fresh for the first of 'members' to
 * come, and free again when the last of those who have joined has parted.  -1: none is
 * free.  What was left behind at an earlier time is taken for free. */
int arena_join(struct arena *arena, uint64_t key, uint32_t time, int members);
void arena_part(struct arena *arena, uint64_t key, uint32_t time);

struct arena_seat *arena_seat(struct arena *arena, int rank);
struct arena_choice *arena_choice(struct arena *arena);

/* Healing: this rank has come for the 'time'-th time. */
void arena_come(struct arena *arena, int rank, uint32_t time);
bool arena_has_come(struct arena *arena, int rank, uint32_t time);

/* False when the process of 'rank' is gone. */
bool arena_is_alive(struct arena *arena, int rank);

#endif
