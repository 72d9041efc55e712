/* mismatch.c - members that call different things are told so, all of them alike;
 * and a call that MPI refuses on some members does not leave the others inside
 */
#include "tests/mpi/wait/check.h"

static void heal(void)
{
    check(mpiwait_heal(0) == MPI_SUCCESS, "healing");
    check(MPI_Barrier(MPI_COMM_WORLD) == MPI_SUCCESS, "Barrier after healing");
}

static void expect(int rc, const char *text)
{
    check(check_reason(rc) == MPIWAIT_MISMATCH, "a mismatch, not %d: %s",
          check_reason(rc), check_text(rc));
    check(!strcmp(check_text(rc), text), "says '%s', not '%s'", check_text(rc), text);
    heal();
}

static void mismatches(void)
{
    bool first = check_rank == 0, two = check_size == 2;
    int in = 1, out = 0, rc;
    MPI_Request request;
    MPI_Comm comm;

    if (first)
        rc = MPI_Bcast(&in, 1, MPI_INT, 0, MPI_COMM_WORLD);
    else
        rc = MPI_Allreduce(&in, &out, 1, MPI_INT, MPI_SUM, MPI_COMM_WORLD);
    expect(rc, two ? "rank 0 called Bcast(root=0), rank 1 called Allreduce"
                   : "rank 0 called Bcast(root=0), ranks 1-3 called Allreduce");
    rc = MPI_Bcast(&in, 1, MPI_INT, check_rank == 1, MPI_COMM_WORLD);
    expect(rc, two ? "rank 0 called Bcast(root=0), rank 1 called Bcast(root=1)"
                   : "ranks 0,2-3 called Bcast(root=0), rank 1 called Bcast(root=1)");
    rc =
        MPI_Reduce(&in, &out, 1, MPI_INT, first ? MPI_SUM : MPI_MAX, 0, MPI_COMM_WORLD);
    expect(rc, two ? "rank 0 called Reduce(root=0, op=SUM), rank 1 called "
                     "Reduce(root=0, op=MAX)"
                   : "rank 0 called Reduce(root=0, op=SUM), ranks 1-3 called "
                     "Reduce(root=0, op=MAX)");
    rc = MPI_Bcast(&in, first ? 1 : 0, MPI_INT, 0, MPI_COMM_WORLD);
    expect(rc, two ? "rank 0 called Bcast(root=0, 4 bytes), rank 1 called "
                     "Bcast(root=0, 0 bytes)"
                   : "rank 0 called Bcast(root=0, 4 bytes), ranks 1-3 called "
                     "Bcast(root=0, 0 bytes)");

    /* The order of nonblocking and blocking ones must agree too. */
    MPI_Comm_dup(MPI_COMM_WORLD, &comm);
    if (first)
        MPI_Ibarrier(comm, &request);
    rc = MPI_Bcast(&in, 1, MPI_INT, 0, comm);
    check(check_reason(rc) == MPIWAIT_MISMATCH
              && strstr(check_text(rc), "rank 0 called Bcast(root=0) after 1 "
                                        "nonblocking collective,"),
          "says: %s", check_text(rc));
    mpiwait_heal(0);
    check(strstr(mpiwait_heal_text(), "is broken: rank "), "healing says: %s",
          mpiwait_heal_text());
    rc = MPI_Barrier(comm);
    check(check_reason(rc) == MPIWAIT_CLOSED, "it cannot be healed: %s",
          check_text(rc));
}

/* An op is for MPI to refuse, so all meet first; it is not in the digest of a call
 * whose type differs in form only. */
static void refusals(void)
{
    bool first = check_rank == 0;
    int in = 1, out = 0, rc, class;
    MPI_Datatype type, shape;
    MPI_Comm comm;

    MPI_Comm_dup(MPI_COMM_WORLD, &comm);
    MPI_Type_contiguous(1, MPI_INT, &type); /* never committed */
    MPI_Type_contiguous(1, MPI_INT, &shape);
    MPI_Type_commit(&shape);
    for (int i = 0; i < 3; i++) {
        rc = MPI_Bcast(&in, 1, type, 0, comm);
        MPI_Error_class(rc, &class);
        check(class == MPI_ERR_TYPE, "MPI refuses it on all: %s", check_text(rc));
    }
    rc = MPI_Allreduce(&in, &out, 1, MPI_INT, MPI_SUM, comm);
    check(rc == MPI_SUCCESS && out == check_size, "nothing has happened then");

    rc = MPI_Bcast(&in, 1, first ? type : shape, 0, comm);
    MPI_Error_class(rc, &class);
    if (first)
        check(class == MPI_ERR_TYPE, "MPI refuses it on one");
    else
        check(check_reason(rc) == MPIWAIT_FAILED
                  && strstr(check_text(rc), "rank 0 failed inside Bcast"),
              "the others get out: %s", check_text(rc));
    rc = MPI_Barrier(comm);
    check(check_reason(rc) == MPIWAIT_CLOSED && strstr(check_text(rc), "is broken"),
          "and it is broken: %s", check_text(rc));
    MPI_Type_free(&type);
    MPI_Type_free(&shape);
}

int main(void)
{
    check_init();
    if (check_size > 1) {
        mismatches();
        refusals();
    }
    return check_done();
}
