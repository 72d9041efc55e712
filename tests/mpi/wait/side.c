/* side.c - windows, files and creators: right when all come, ended by Stop when not
 *
 * Usage: side FILE.  Rank 1 is interrupted in calls that the others do not make.
 */
#include "tests/mpi/wait/check.h"

static const char *path;

static void heal(const char *after)
{
    int rc, sum = 0, one = 1;

    page_cell_end(check_page);
    rc = mpiwait_heal(0);
    check(rc == MPI_SUCCESS, "healing after %s: %s", after, check_text(rc));
    check_begin_cell();
    rc = MPI_Allreduce(&one, &sum, 1, MPI_INT, MPI_SUM, MPI_COMM_WORLD);
    check(rc == MPI_SUCCESS && sum == check_size, "Allreduce after %s: %s", after,
          check_text(rc));
}

/* Rank 1 alone makes the call, and is stopped there. */
#define STOPPED(name, expression)                                                      \
    do {                                                                               \
        if (check_rank == 1) {                                                         \
            pthread_t keeper = check_interrupt_in(name);                               \
            int rc = (expression);                                                     \
                                                                                       \
            check(check_reason(rc) == MPIWAIT_STOP, "%s: %s", name, check_text(rc));   \
            pthread_join(keeper, NULL);                                                \
        }                                                                              \
        heal(name);                                                                    \
    } while (0)

static void windows(void)
{
    int next = (check_rank + 1) % check_size, *base, seen = -1;
    MPI_Group world, group;
    MPI_Win win;

    check(!MPI_Win_allocate(sizeof(int), 1, MPI_INFO_NULL, MPI_COMM_WORLD, &base, &win),
          "Win_allocate");
    *base = -1;
    check(!MPI_Win_fence(0, win), "fence");
    MPI_Put(&check_rank, 1, MPI_INT, next, 0, 1, MPI_INT, win);
    check(!MPI_Win_fence(0, win), "fence");
    check(*base == (check_rank + check_size - 1) % check_size, "Put brought %d", *base);
    check(!MPI_Win_lock(MPI_LOCK_SHARED, next, 0, win), "lock");
    MPI_Get(&seen, 1, MPI_INT, next, 0, 1, MPI_INT, win);
    check(!MPI_Win_flush(next, win) && seen == check_rank, "Get brought %d", seen);
    check(!MPI_Win_unlock(next, win), "unlock");
    check(!MPI_Win_lock_all(0, win) && !MPI_Win_flush_all(win)
              && !MPI_Win_flush_local(next, win) && !MPI_Win_flush_local_all(win)
              && !MPI_Win_unlock_all(win),
          "lock_all");
    MPI_Comm_group(MPI_COMM_WORLD, &world);
    check(!MPI_Win_post(world, 0, win) && !MPI_Win_start(world, 0, win), "start");
    MPI_Put(&next, 1, MPI_INT, check_rank, 0, 1, MPI_INT, win);
    check(!MPI_Win_complete(win) && !MPI_Win_wait(win) && *base == next, "wait");
    STOPPED("Win_fence", MPI_Win_fence(0, win));
    check(!MPI_Win_fence(0, win), "fence on the healed window");
    STOPPED("Win_free", MPI_Win_free(&win));
    check(!MPI_Win_fence(0, win), "the window was not freed");
    MPI_Barrier(MPI_COMM_WORLD);
    MPI_Group_incl(world, 1, (int[]){ 0 }, &group);
    if (check_rank == 0)
        MPI_Win_post(group, 0, win);
    STOPPED("Win_start", MPI_Win_start(group, 0, win) ?: MPI_Win_complete(win));
    MPI_Group_free(&group);
    MPI_Group_free(&world);
}

/* Rank 0 holds the lock that rank 1 wants.  Whoever gives up breaks the window. */
static void locks(void)
{
    const char *waits_in = NULL;
    MPI_Win win;
    int *base, rc;

    MPI_Win_allocate(sizeof(int), 1, MPI_INFO_NULL, MPI_COMM_WORLD, &base, &win);
    if (check_rank == 0)
        MPI_Win_lock(MPI_LOCK_EXCLUSIVE, 0, 0, win);
    MPI_Barrier(MPI_COMM_WORLD);
    STOPPED("Win_lock", MPI_Win_lock(MPI_LOCK_EXCLUSIVE, 0, 0, win));
    waits_in = check_rank < 2 ? "lock" : "fence";
    rc = MPI_Win_fence(0, win);
    check(check_reason(rc) == MPIWAIT_CLOSED
              && strstr(check_text(rc), "the window is broken: "),
          "%s on a broken window: %s", waits_in, check_text(rc));
    rc = MPI_Win_unlock(0, win);
    check(check_reason(rc) == MPIWAIT_CLOSED, "unlock on a broken window");
}

static void files(void)
{
    char text[16] = "", own = (char)('a' + check_rank);
    MPI_Status status;
    MPI_File file;
    int count;

    check(MPI_File_open(MPI_COMM_WORLD, "/nonexistent/file", MPI_MODE_RDONLY,
                        MPI_INFO_NULL, &file)
              != MPI_SUCCESS,
          "no such file");
    STOPPED("File_open",
            MPI_File_open(MPI_COMM_WORLD, path, MPI_MODE_RDONLY, MPI_INFO_NULL, &file));
    check(!MPI_File_open(MPI_COMM_WORLD, path, MPI_MODE_RDWR | MPI_MODE_CREATE,
                         MPI_INFO_NULL, &file),
          "open");
    check(!MPI_File_set_size(file, 0), "set_size");
    STOPPED("File_set_size", MPI_File_set_size(file, 0));
    check(!MPI_File_set_view(file, 0, MPI_CHAR, MPI_CHAR, "native", MPI_INFO_NULL),
          "set_view");
    check(!MPI_File_write_ordered(file, &own, 1, MPI_CHAR, &status), "write_ordered");
    MPI_Get_count(&status, MPI_CHAR, &count);
    check(count == 1, "the status says %d", count);
    check(!MPI_File_sync(file), "sync");
    STOPPED("File_write_all",
            MPI_File_write_all(file, &own, 1, MPI_CHAR, MPI_STATUS_IGNORE));
    check(!MPI_File_read_at_all(file, 0, text, check_size, MPI_CHAR, &status), "read");
    check(!strncmp(text, "abcd", (size_t)check_size), "the file has '%s'", text);
    STOPPED("File_close", MPI_File_close(&file));
    check(!MPI_File_close(&file) && file == MPI_FILE_NULL, "close");
}

static void creators(void)
{
    MPI_Comm half, inter = MPI_COMM_NULL, merged;
    MPI_Group world;
    int leader = !(check_rank % 2), sum = 0, one = 1, size;

    MPI_Comm_group(MPI_COMM_WORLD, &world);
    STOPPED("Comm_create_group",
            MPI_Comm_create_group(MPI_COMM_WORLD, world, 5, &merged));
    check(!MPI_Comm_create_group(MPI_COMM_WORLD, world, 6, &merged), "create_group");
    check(!MPI_Allreduce(&one, &sum, 1, MPI_INT, MPI_SUM, merged) && sum == check_size,
          "the group sums %d", sum);
    MPI_Group_free(&world);
    MPI_Comm_free(&merged);
    check(!MPI_Comm_split(MPI_COMM_WORLD, check_rank % 2, 0, &half), "split");
    check(!MPI_Intercomm_create(half, 0, MPI_COMM_WORLD, leader, 7, &inter), "inter");
    check(!MPI_Intercomm_merge(inter, 0, &merged), "merge");
    MPI_Comm_size(merged, &size);
    check(size == check_size, "merged are %d", size);
    MPI_Comm_free(&merged);
    STOPPED("Intercomm_merge", MPI_Intercomm_merge(inter, 0, &merged));
    if (check_rank == 1) {
        /* A member that is alone waits for the other group as well. */
        pthread_t keeper = check_interrupt_in("Intercomm_create");
        int rc = MPI_Intercomm_create(MPI_COMM_SELF, 0, MPI_COMM_WORLD, 0, 8, &inter);

        pthread_join(keeper, NULL);
        check(rc != MPI_SUCCESS, "nobody came");
    }
    heal("Intercomm_create");
}

int main(int argc, char **argv)
{
    path = argv[1];
    check_init();
    check_begin_cell();
    windows();
    files();
    creators();
    locks();
    /* What was left behind would keep MPI_Finalize from ending. */
    MPI_Barrier(MPI_COMM_WORLD);
    _exit(check_failed);
}
