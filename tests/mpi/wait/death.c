/* death.c - a rank dies while the others wait for it, outside and inside a call
 *
 * Usage: death LOCKFILE.  Each process forks the one that uses MPI, as a keeper
 * does, so that mpiexec does not see the death; it stays until all have ended,
 * which the lock on the file tells.
 */
#include "tests/mpi/wait/check.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/file.h>
#include <sys/wait.h>

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
    int rc, sum = 0, one = 1;

    page_cell_end(check_page);
    check(mpiwait_heal() == MPI_SUCCESS, "the survivors heal");
    check(strstr(mpiwait_heal_text(), "MPI_COMM_WORLD is broken: rank "),
          "healing says: %s", mpiwait_heal_text());
    check_begin_cell();
    rc = MPI_Barrier(MPI_COMM_WORLD);
    check(check_reason(rc) == MPIWAIT_CLOSED, "the world is broken: %s",
          check_text(rc));
    rc = MPI_Allreduce(&one, &sum, 1, MPI_INT, MPI_SUM, rest);
    check(rc == MPI_SUCCESS && sum == check_size - 1, "they go on without it: %s",
          check_text(rc));
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

static int die_outside(void)
{
    if (check_rank == victim)
        raise(SIGKILL);
    return MPI_Barrier(MPI_COMM_WORLD);
}

static void use_mpi(bool inside)
{
    pthread_t keeper;
    MPI_Comm rest;

    check_init();
    check_begin_cell();
    victim = check_size - 1;
    victim_pid = getpid();
    MPI_Bcast(&victim_pid, (int)sizeof(victim_pid), MPI_BYTE, victim, MPI_COMM_WORLD);
    MPI_Comm_split(MPI_COMM_WORLD, check_rank == victim, 0, &rest);
    MPI_Barrier(MPI_COMM_WORLD);
    if (check_rank != victim)
        pthread_create(&keeper, NULL, announce, NULL);
    expect_death(inside ? die_inside() : die_outside());
    pthread_join(keeper, NULL);
    survive(rest);
    _exit(check_failed);
}

int main(int argc, char **argv)
{
    int lock = open(argv[1], O_RDWR | O_CREAT | O_CLOEXEC, 0600), status = 0;
    pid_t pid = fork();

    if (pid == 0) {
        flock(open(argv[1], O_RDWR), LOCK_SH);
        use_mpi(argc > 2);
    }
    signal(SIGUSR1, SIG_IGN);
    waitpid(pid, &status, 0);
    flock(lock, LOCK_EX);
    return WIFEXITED(status) ? WEXITSTATUS(status) : 0;
}
