/* arena.c - memory that the interpreters of one host share */
#include "bindings/wait/arena.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/random.h>
#include <unistd.h>

#define ARENA_PLACES 4096 /* a process has 2048 context ids; ranks overlap */
#define ARENA_NAMES 256
#define ARENA_SLABS 256
#define SLABS_BYTES                                                                    \
    (128u << 20) /* at most; taken from the host where they are used                   \
                  */
#define PAGE 4096u
#define NONCE 16

struct name {
    uint64_t key;
    uint32_t time, joined; /* 0: free */
    int place;
};

struct shared {
    unsigned char nonce[NONCE];
    _Atomic uint32_t next; /* where the search for a free place begins */
    struct arena_choice choice;
    pthread_mutex_t lock; /* of the names; survives the death of its owner */
    struct name names[ARENA_NAMES];
    atomic_flag slabs[ARENA_SLABS]; /* set: taken */
    struct arena_seat seats[] __attribute__((aligned(64)));
};

struct arena {
    struct shared *shared;
    size_t at_places, at_slabs, length;
    size_t stride, slab; /* of a place, of a slab */
    int ranks, slab_count;
};

/* What rank 0 tells: the others open its descriptor, and the nonce proves that it
 * is this memory and not another host's or container's process of that number. */
struct invitation {
    int32_t pid, fd;
    unsigned char nonce[NONCE];
};

static int make_memory(size_t length, struct invitation *invitation)
{
    int fd = memfd_create("rankbook-arena", MFD_CLOEXEC);

    if (fd < 0)
        return -1;
    if (ftruncate(fd, (off_t)length) < 0
        || getrandom(invitation->nonce, NONCE, 0) != NONCE
        || pwrite(fd, invitation->nonce, NONCE, 0) != NONCE) {
        close(fd);
        return -1;
    }
    invitation->pid = (int32_t)getpid();
    invitation->fd = fd;
    return fd;
}

static int open_memory(const struct invitation *invitation)
{
    char path[64];

    if (invitation->fd < 0)
        return -1;
    snprintf(path, sizeof(path), "/proc/%d/fd/%d", (int)invitation->pid,
             (int)invitation->fd);
    return open(path, O_RDWR | O_CLOEXEC);
}

static struct shared *map_memory(int fd, size_t length,
                                 const struct invitation *invitation)
{
    unsigned char nonce[NONCE];
    void *memory;

    if (fd < 0 || pread(fd, nonce, NONCE, 0) != NONCE
        || memcmp(nonce, invitation->nonce, NONCE) != 0)
        return NULL;
    memory =
        mmap(NULL, length, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_NORESERVE, fd, 0);
    return memory == MAP_FAILED ? NULL : memory;
}

static void init_names(struct shared *shared)
{
    pthread_mutexattr_t attr;

    pthread_mutexattr_init(&attr);
    pthread_mutexattr_setpshared(&attr, PTHREAD_PROCESS_SHARED);
    pthread_mutexattr_setrobust(&attr, PTHREAD_MUTEX_ROBUST);
    pthread_mutex_init(&shared->lock, &attr);
    pthread_mutexattr_destroy(&attr);
}

/* Head, places, slots: where each begins, and how long all of it is. */
static void lay_out(struct arena *arena, int ranks)
{
    size_t places = sizeof(struct shared) + (size_t)ranks * sizeof(struct arena_seat);
    size_t count;

    arena->ranks = ranks;
    arena->stride =
        sizeof(struct arena_place) + (size_t)ranks * sizeof(struct arena_member);
    arena->slab = 2 * (size_t)ranks * ARENA_SLOT;
    count = SLABS_BYTES / arena->slab;
    arena->slab_count = count < ARENA_SLABS ? (int)count : ARENA_SLABS;
    arena->at_places = places;
    arena->at_slabs = (places + ARENA_PLACES * arena->stride + PAGE - 1) / PAGE * PAGE;
    arena->length = arena->at_slabs + (size_t)arena->slab_count * arena->slab;
}

struct arena *arena_create(MPI_Comm comm)
{
    struct invitation invitation = { .fd = -1 };
    struct arena *arena = NULL;
    int rank, ranks, fd = -1, good, all = 0;

    PMPI_Comm_rank(comm, &rank);
    PMPI_Comm_size(comm, &ranks);
    if (ranks <= WORD_MEMBERS && (arena = calloc(1, sizeof(*arena))))
        lay_out(arena, ranks);
    if (arena && rank == 0)
        fd = make_memory(arena->length, &invitation);
    good = PMPI_Bcast(&invitation, (int)sizeof(invitation), MPI_BYTE, 0, comm)
           == MPI_SUCCESS;
    if (good && arena && rank != 0)
        fd = open_memory(&invitation);
    if (good && arena && (arena->shared = map_memory(fd, arena->length, &invitation))) {
        atomic_store(&arena->shared->seats[rank].pid, (int32_t)getpid());
        if (rank == 0)
            init_names(arena->shared);
    }
    good = arena && arena->shared;
    if (PMPI_Allreduce(&good, &all, 1, MPI_INT, MPI_MIN, comm) != MPI_SUCCESS)
        all = 0;
    if (fd >= 0)
        close(fd);
    if (!all) {
        arena_destroy(arena);
        return NULL;
    }
    return arena;
}

void arena_destroy(struct arena *arena)
{
    if (!arena)
        return;
    if (arena->shared)
        munmap(arena->shared, arena->length);
    free(arena);
}

struct arena_place *arena_place(struct arena *arena, int idx)
{
    char *places = (char *)arena->shared + arena->at_places;

    return (struct arena_place *)(places + (size_t)idx * arena->stride);
}

static char *slab(const struct arena *arena, int idx)
{
    return (char *)arena->shared + arena->at_slabs + (size_t)idx * arena->slab;
}

static int take_slab(struct arena *arena)
{
    for (int i = 0; i < arena->slab_count; i++) {
        if (!atomic_flag_test_and_set(&arena->shared->slabs[i]))
            return i;
    }
    return -1;
}

char *arena_slots(struct arena *arena, const struct arena_place *place)
{
    int idx = atomic_load(&place->slab);

    return idx < 0 ? NULL : slab(arena, idx);
}

int arena_take(struct arena *arena, int members)
{
    uint32_t start = atomic_fetch_add(&arena->shared->next, 1), none;

    for (uint32_t i = 0; i < ARENA_PLACES; i++) {
        int idx = (int)((start + i) % ARENA_PLACES);
        struct arena_place *place = arena_place(arena, idx);

        none = 0;
        if (!atomic_compare_exchange_strong(&place->holders, &none, (uint32_t)members))
            continue;
        for (int k = 0; k < WORD_RING; k++)
            atomic_store(&place->words[k], 0);
        atomic_store(&place->sleepers, 0);
        atomic_store(&place->slab, take_slab(arena));
        memset(place->member, 0, (size_t)members * sizeof(place->member[0]));
        return idx;
    }
    return -1;
}

/* The host gets back what the slots took of it, before somebody else has them. */
static void release_slab(struct arena *arena, int idx)
{
    if (idx < 0)
        return;
    madvise(slab(arena, idx), arena->slab, MADV_REMOVE);
    atomic_flag_clear(&arena->shared->slabs[idx]);
}

void arena_release(struct arena *arena, struct arena_place *place)
{
    int idx = atomic_load(&place->slab);

    if (atomic_fetch_sub(&place->holders, 1) == 1)
        release_slab(arena, idx);
}

/* ---- names ---- */

/* Whoever died in here has left each name as it was or as it was to be. */
static void lock_names(struct shared *shared)
{
    if (pthread_mutex_lock(&shared->lock) == EOWNERDEAD)
        pthread_mutex_consistent(&shared->lock);
}

static struct name *find_name(struct shared *shared, uint64_t key, uint32_t time)
{
    for (int i = 0; i < ARENA_NAMES; i++) {
        struct name *name = &shared->names[i];

        if (name->joined && name->key == key && name->time == time)
            return name;
    }
    return NULL;
}

static void forget(struct arena *arena, struct name *name)
{
    struct arena_place *place;
    int idx;

    if (name->joined) {
        place = arena_place(arena, name->place);
        idx = atomic_load(&place->slab);
        atomic_store(&place->holders, 0);
        release_slab(arena, idx);
    }
    name->joined = 0;
}

static struct name *make_name(struct arena *arena, uint64_t key, uint32_t time,
                              int members)
{
    struct name *free_name = NULL;

    for (int i = 0; i < ARENA_NAMES && !free_name; i++) {
        struct name *name = &arena->shared->names[i];

        if (!name->joined || (int32_t)(name->time - time) < 0)
            free_name = name;
    }
    if (!free_name)
        return NULL;
    forget(arena, free_name);
    *free_name = (struct name){ key, time, 0, arena_take(arena, members) };
    return free_name->place < 0 ? NULL : free_name;
}

int arena_join(struct arena *arena, uint64_t key, uint32_t time, int members)
{
    struct name *name;
    int idx = -1;

    lock_names(arena->shared);
    if ((name = find_name(arena->shared, key, time))
        || (name = make_name(arena, key, time, members))) {
        name->joined++;
        idx = name->place;
    }
    pthread_mutex_unlock(&arena->shared->lock);
    return idx;
}

void arena_part(struct arena *arena, uint64_t key, uint32_t time)
{
    struct name *name;

    lock_names(arena->shared);
    if ((name = find_name(arena->shared, key, time))) {
        if (name->joined == 1)
            forget(arena, name);
        else
            name->joined--;
    }
    pthread_mutex_unlock(&arena->shared->lock);
}

struct arena_seat *arena_seat(struct arena *arena, int rank)
{
    return &arena->shared->seats[rank];
}

struct arena_choice *arena_choice(struct arena *arena)
{
    return &arena->shared->choice;
}

void arena_come(struct arena *arena, int rank, uint32_t time)
{
    atomic_store(&arena->shared->seats[rank].healed, time);
}

bool arena_has_come(struct arena *arena, int rank, uint32_t time)
{
    return (int32_t)(atomic_load(&arena->shared->seats[rank].healed) - time) >= 0;
}

bool arena_is_alive(struct arena *arena, int rank)
{
    pid_t pid = atomic_load(&arena->shared->seats[rank].pid);

    return kill(pid, 0) == 0 || errno != ESRCH;
}
