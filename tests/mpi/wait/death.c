/* death.c - a rank dies while the others wait for it, outside and inside a call
 *
 * Usage: death LOCKFILE CALL, of the table at the end.  Each process forks the one that
 * uses MPI, as a keeper does, so that mpiexec does not see the death; it stays until
 * all have ended, which the lock on the file tells.
 */
#include "tests/mpi/wait/check.h"

#include <dlfcn.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/file.h>
#include <sys/wait.h>

static const char *lock_path;
static int victim;
static pid_t victim_pid;

/* The front's part: it hears of the death and interrupts the others. */
static void *announce(void *unused)
{
    while (kill(victim_pid, 0) == 0)
        sched_yield();
    page_interrupt(check_page, PAGE_REASON_DEATH, victim,
                   "rank was killed by signal 9");
    return NULL;
}

static void on_error(MPI_Comm *comm, int *rc, ...)
{
    raise(SIGKILL);
}

/* Made before the death, one of them by no blocking call, so that nobody has met on it.
 */
static MPI_Comm older, unmet;

static void make_older(void)
{
    MPI_Request request;

    MPI_Comm_dup(MPI_COMM_WORLD, &older);
    MPI_Comm_idup(MPI_COMM_WORLD, &unmet, &request);
    MPI_Wait(&request, MPI_STATUS_IGNORE);
}

/* Nobody ends these waits any more but the layer. */
static void use_older(void)
{
    static int large[1 << 20];
    int value, other = (victim + 1) % check_size;

    for (int i = 0; i < 2; i++) {
        MPI_Comm comm = i ? unmet : older;
        const struct {
            const char *name;
            int rc;
        } calls[] = {
            { "Recv",
              MPI_Recv(&value, 1, MPI_INT, victim, 7, comm, MPI_STATUS_IGNORE) },
            { "Probe", MPI_Probe(victim, 7, comm, MPI_STATUS_IGNORE) },
            { "Ssend", MPI_Ssend(&value, 1, MPI_INT, victim, 7, comm) },
            { "Send", MPI_Send(large, 1 << 20, MPI_INT, victim, 7, comm) },
            { "Sendrecv", MPI_Sendrecv(&value, 1, MPI_INT, check_rank, 6, &value, 1,
                                       MPI_INT, victim, 7, comm, MPI_STATUS_IGNORE) },
        };

        for (size_t k = 0; k < sizeof(calls) / sizeof(calls[0]); k++)
            check(check_reason(calls[k].rc) == MPIWAIT_DEATH, "%s: %s", calls[k].name,
                  check_text(calls[k].rc));
        check(check_reason(MPI_Barrier(comm)) == MPIWAIT_CLOSED, "collectives there");
        check(check_size > 2
                  || check_reason(MPI_Recv(&value, 1, MPI_INT, MPI_ANY_SOURCE, 7, comm,
                                           MPI_STATUS_IGNORE))
                         == MPIWAIT_DEATH,
              "nobody is left to send");
        if (check_size > 2 && check_rank == other)
            MPI_Send(large, 1, MPI_INT, (other + 1) % check_size, 9, comm);
        if (check_size > 2 && check_rank == (other + 1) % check_size)
            check(!MPI_Recv(&value, 1, MPI_INT, MPI_ANY_SOURCE, 9, comm,
                            MPI_STATUS_IGNORE),
                  "the living still speak there");
    }
}

static void expect_death(int rc)
{
    const char *text = "";
    int rank = -1;

    check(mpiwait_reason(rc, &text, &rank) == MPIWAIT_DEATH && rank == victim
              && !strcmp(text, "rank was killed by signal 9"),
          "a death: %s (rank %d)", text, rank);
}

static void survive(MPI_Comm rest)
{
    int rc, sum = 0, one = 1, rank, size, *base;
    MPI_Comm world, half;
    MPI_Win win;

    page_cell_end(check_page);
    rc = mpiwait_heal(0);
    check(rc == MPI_SUCCESS, "the survivors heal: %s", check_text(rc));
    check(strstr(mpiwait_heal_text(), "MPI.COMM_WORLD has "), "healing says: %s",
          mpiwait_heal_text());
    check_begin_cell();
    rc = MPI_Barrier(MPI_COMM_WORLD);
    check(check_reason(rc) == MPIWAIT_CLOSED, "the old world is broken: %s",
          check_text(rc));
    rc = MPI_Allreduce(&one, &sum, 1, MPI_INT, MPI_SUM, rest);
    check(rc == MPI_SUCCESS && sum == check_size - 1, "they go on without it: %s",
          check_text(rc));
    world = mpiwait_world();
    MPI_Comm_rank(world, &rank);
    MPI_Comm_size(world, &size);
    check(size == check_size - 1 && rank == check_rank - (check_rank > victim),
          "rank %d of %d in the new world", rank, size);
    check(mpiwait_world_size() == size, "it has %d ranks", mpiwait_world_size());
    rc = MPI_Allreduce(&one, &sum, 1, MPI_INT, MPI_SUM, world);
    check(rc == MPI_SUCCESS && sum == size, "Allreduce there: %s", check_text(rc));
    rc = MPI_Sendrecv(&rank, 1, MPI_INT, (rank + 1) % size, 1, &sum, 1, MPI_INT,
                      (rank + size - 1) % size, 1, world, MPI_STATUS_IGNORE);
    check(rc == MPI_SUCCESS && sum == (rank + size - 1) % size, "Sendrecv there");
    check(!MPI_Comm_split(world, rank % 2, 0, &half) && !MPI_Barrier(half), "split");
    check(!MPI_Win_allocate(4, 1, MPI_INFO_NULL, world, &base, &win)
              && !MPI_Win_fence(0, win)
              && !MPI_Put(&rank, 1, MPI_INT, (rank + 1) % size, 0, 1, MPI_INT, win)
              && !MPI_Win_fence(0, win) && *base == (rank + size - 1) % size,
          "a window there");
    page_cell_end(check_page);
    check(!mpiwait_heal(0) && mpiwait_world() == world, "it heals like any world: %s",
          mpiwait_heal_text());
    check_begin_cell();
    check(!MPI_Barrier(world), "and goes on");
    use_older();
}

/* The victim has met the others and dies before it sends: MPI refuses its type. */
static int die_inside(void)
{
    MPI_Datatype type;
    MPI_Errhandler handler;
    int data = 0;

    MPI_Type_contiguous(1, MPI_INT, &type);
    MPI_Comm_create_errhandler(on_error, &handler);
    if (check_rank == victim)
        MPI_Comm_set_errhandler(MPI_COMM_WORLD, handler);
    else
        MPI_Type_commit(&type);
    return MPI_Bcast(&data, 1, type, victim, MPI_COMM_WORLD);
}

/* Where the victim dies with all others inside, and who is late with its part. */
static bool is_late;
int PMPI_Ialltoallv(const void *sendbuf, const int sendcounts[], const int sdispls[],
                    MPI_Datatype sendtype, void *recvbuf, const int recvcounts[],
                    const int rdispls[], MPI_Datatype recvtype, MPI_Comm comm,
                    MPI_Request *request)
{
    int (*start)(const void *, const int[], const int[], MPI_Datatype, void *,
                 const int[], const int[], MPI_Datatype, MPI_Comm, MPI_Request *) =
        dlsym(RTLD_NEXT, "PMPI_Ialltoallv");

    if (check_rank == victim)
        raise(SIGKILL);
    if (is_late)
        usleep(500000); /* it may be longer: the others wait for it */
    return start(sendbuf, sendcounts, sdispls, sendtype, recvbuf, recvcounts, rdispls,
                 recvtype, comm, request);
}

#define PART 1024

/* What the living have sent one another is there when the call returns. */
static int die_early(void)
{
    int sent[4 * PART], come[4 * PART] = { 0 }, counts[4], places[4], rc;

    for (int i = 0; i < check_size; i++) {
        counts[i] = PART;
        places[i] = i * PART;
    }
    for (int i = 0; i < check_size * PART; i++)
        sent[i] = 1 + check_rank;
    is_late = check_rank == (victim + 1) % check_size;
    rc = MPI_Alltoallv(sent, counts, places, MPI_INT, come, counts, places, MPI_INT,
                       MPI_COMM_WORLD);
    for (int i = 0; i < check_size; i++)
        check(i == victim
                  || (come[i * PART] == 1 + i && come[(i + 1) * PART - 1] == 1 + i),
              "rank %d's part has come: %d, %d", i, come[i * PART],
              come[(i + 1) * PART - 1]);
    return rc;
}

/* Once all are out of what came before. */
static void die(void)
{
    MPI_Barrier(MPI_COMM_WORLD);
    if (check_rank == victim)
        raise(SIGKILL);
}

static int in_barrier(void)
{
    die();
    return MPI_Barrier(MPI_COMM_WORLD);
}

/* No call of it waits. */
static int in_test(void)
{
    MPI_Request request;
    int value, flag = 0, rc;

    die();
    MPI_Irecv(&value, 1, MPI_INT, victim, 5, MPI_COMM_WORLD, &request);
    while ((rc = MPI_Test(&request, &flag, MPI_STATUS_IGNORE)) == MPI_SUCCESS && !flag)
        sched_yield();
    return rc;
}

static int in_split(void)
{
    MPI_Comm comm;

    die();
    return MPI_Comm_split(MPI_COMM_WORLD, 0, 0, &comm);
}

static int in_create_group(void)
{
    MPI_Group group;
    MPI_Comm comm;

    die();
    MPI_Comm_group(MPI_COMM_WORLD, &group);
    return MPI_Comm_create_group(MPI_COMM_WORLD, group, 3, &comm);
}

static int in_intercomm_create(void)
{
    MPI_Comm half, inter;

    MPI_Comm_split(MPI_COMM_WORLD, check_rank == victim, 0, &half);
    die();
    return MPI_Intercomm_create(half, 0, MPI_COMM_WORLD, victim, 3, &inter);
}

static int in_win_create(void)
{
    MPI_Win win;
    int *base;

    die();
    return MPI_Win_allocate(4, 1, MPI_INFO_NULL, MPI_COMM_WORLD, &base, &win);
}

static MPI_Win make_window(void)
{
    MPI_Win win;
    int *base;

    MPI_Win_allocate(4, 1, MPI_INFO_NULL, MPI_COMM_WORLD, &base, &win);
    return win;
}

static int in_fence(void)
{
    MPI_Win win = make_window();

    die();
    return MPI_Win_fence(0, win);
}

/* The victim holds it. */
static int in_lock(void)
{
    MPI_Win win = make_window();
    int value = 1;

    if (check_rank == victim)
        MPI_Win_lock(MPI_LOCK_EXCLUSIVE, 0, 0, win);
    MPI_Barrier(MPI_COMM_WORLD);
    die();
    return MPI_Win_lock(MPI_LOCK_EXCLUSIVE, 0, 0, win)
               ?: MPI_Put(&value, 1, MPI_INT, 0, 0, 1, MPI_INT, win)
               ?: MPI_Win_unlock(0, win);
}

/* The victim never posts. */
static int in_start(void)
{
    MPI_Win win = make_window();
    MPI_Group world, group;
    int value = 1;

    MPI_Comm_group(MPI_COMM_WORLD, &world);
    MPI_Group_incl(world, 1, &victim, &group);
    die();
    return MPI_Win_start(group, 0, win)
               ?: MPI_Put(&value, 1, MPI_INT, victim, 0, 1, MPI_INT, win)
               ?: MPI_Win_complete(win);
}

/* The victim never starts. */
static int in_win_wait(void)
{
    MPI_Win win = make_window();
    MPI_Group world, group;

    MPI_Comm_group(MPI_COMM_WORLD, &world);
    MPI_Group_incl(world, 1, &victim, &group);
    die();
    return MPI_Win_post(group, 0, win) ?: MPI_Win_wait(win);
}

static int in_open(void)
{
    MPI_File file;

    die();
    return MPI_File_open(MPI_COMM_WORLD, lock_path, MPI_MODE_RDWR, MPI_INFO_NULL,
                         &file);
}

static int in_write_all(void)
{
    MPI_File file;
    int value = 1;

    MPI_File_open(MPI_COMM_WORLD, lock_path, MPI_MODE_RDWR, MPI_INFO_NULL, &file);
    die();
    return MPI_File_write_all(file, &value, 1, MPI_INT, MPI_STATUS_IGNORE);
}

static int in_close(void)
{
    MPI_File file;

    MPI_File_open(MPI_COMM_WORLD, lock_path, MPI_MODE_RDWR, MPI_INFO_NULL, &file);
    die();
    return MPI_File_close(&file);
}

static const struct {
    const char *name;
    int (*wait)(void);
} calls[] = {
    { "inside", die_inside },
    { "early", die_early },
    { "Barrier", in_barrier },
    { "Test", in_test },
    { "Comm_split", in_split },
    { "Comm_create_group", in_create_group },
    { "Intercomm_create", in_intercomm_create },
    { "Win_allocate", in_win_create },
    { "Win_fence", in_fence },
    { "Win_lock", in_lock },
    { "Win_start", in_start },
    { "Win_wait", in_win_wait },
    { "File_open", in_open },
    { "File_write_all", in_write_all },
    { "File_close", in_close },
};

static void use_mpi(const char *call)
{
    pthread_t keeper;
    MPI_Comm rest;

    check_init();
    check_begin_cell();
    victim = call[0] == 'W' ? 0 : check_size - 1;
    victim_pid = getpid();
    MPI_Bcast(&victim_pid, (int)sizeof(victim_pid), MPI_BYTE, victim, MPI_COMM_WORLD);
    MPI_Comm_split(MPI_COMM_WORLD, check_rank == victim, 0, &rest);
    make_older();
    MPI_Barrier(MPI_COMM_WORLD);
    if (check_rank != victim)
        pthread_create(&keeper, NULL, announce, NULL);
    for (size_t i = 0; i < sizeof(calls) / sizeof(calls[0]); i++) {
        if (!strcmp(calls[i].name, call))
            expect_death(calls[i].wait());
    }
    pthread_join(keeper, NULL);
    survive(rest);
    _exit(check_failed);
}

int main(int argc, char **argv)
{
    int lock = open(lock_path = argv[1], O_RDWR | O_CREAT | O_CLOEXEC, 0600),
        status = 0;
    pid_t pid = fork();

    if (pid == 0) {
        flock(open(argv[1], O_RDWR), LOCK_SH);
        use_mpi(argv[2]);
    }
    signal(SIGUSR1, SIG_IGN);
    waitpid(pid, &status, 0);
    flock(lock, LOCK_EX);
    return WIFEXITED(status) ? WEXITSTATUS(status) : 0;
}
