/* comm_class.c - classes of communicators: which one is whose */
#include "bindings/src/comm.h"

#include "bindings/src/error.h"
#include "mpi_impl.h"

/* Of a communicator that MPI knows. */
static int find_class(MPI_Comm comm, enum class_id *id)
{
    int is_inter = 0, topology = MPI_UNDEFINED, rc;

    if ((rc = MPI_Comm_test_inter(comm, &is_inter)) != MPI_SUCCESS)
        return rc;
    /* MPI may refuse to tell the topology of an intercommunicator. */
    if (!is_inter && (rc = MPI_Topo_test(comm, &topology)) != MPI_SUCCESS)
        return rc;
    *id = is_inter                     ? CLASS_Intercomm
          : topology == MPI_CART       ? CLASS_Cartcomm
          : topology == MPI_GRAPH      ? CLASS_Graphcomm
          : topology == MPI_DIST_GRAPH ? CLASS_Distgraphcomm
                                       : CLASS_Intracomm;
    return MPI_SUCCESS;
}

PyTypeObject *comm_most_derived(MPI_Comm comm)
{
    enum class_id id = CLASS_Intracomm;

    if (comm == MPI_COMM_NULL)
        id = CLASS_Comm;
    else if (mpi_is_active())
        find_class(comm, &id);
    return module->types[id];
}

PyTypeObject *comm_plain_class(const struct comm_object *self)
{
    PyObject *object = (PyObject *)self;

    return module->types[is_instance(object, CLASS_Intracomm)   ? CLASS_Intracomm
                         : is_instance(object, CLASS_Intercomm) ? CLASS_Intercomm
                                                                : CLASS_Comm];
}

/* ------------------------------------------------------------ constructors */
/* Bases first: the error names what is missing most. */
static const struct {
    enum class_id id;
    const char *expected;
} kinds[] = {
    { CLASS_Intracomm, "an intracommunicator" },
    { CLASS_Intercomm, "an intercommunicator" },
    { CLASS_Topocomm, "a topology communicator" },
    { CLASS_Cartcomm, "a Cartesian communicator" },
    { CLASS_Graphcomm, "a general graph communicator" },
    { CLASS_Distgraphcomm, "a distributed graph communicator" },
};

static int check_class(PyTypeObject *cls, const struct comm_object *other)
{
    enum class_id id;
    size_t idx;

    if (!other || other->mpi == MPI_COMM_NULL || !mpi_is_active())
        return 0;
    if (mpi_check(find_class(other->mpi, &id)) < 0)
        return -1;
    for (idx = 0; idx < Py_ARRAY_LENGTH(kinds); idx++) {
        PyTypeObject *kind = module->types[kinds[idx].id];

        if (!PyType_IsSubtype(cls, kind) || PyType_IsSubtype(module->types[id], kind))
            continue;
        PyErr_Format(PyExc_TypeError, "expecting %s", kinds[idx].expected);
        return -1;
    }
    return 0;
}

#define CONSTRUCTOR(name)                                                              \
    PyObject *name##_new_impl(PyTypeObject *cls, struct comm_object *comm)             \
    {                                                                                  \
        return check_class(cls, comm) < 0 ? NULL : comm_new_impl(cls, comm);           \
    }
CONSTRUCTOR(intracomm)
CONSTRUCTOR(intercomm)
CONSTRUCTOR(topocomm)
CONSTRUCTOR(cartcomm)
CONSTRUCTOR(graphcomm)
CONSTRUCTOR(distgraphcomm)
