/* topology.c - communicators that know who is whose neighbour: how they are made */
#include "bindings/src/bind.h"
#include "bindings/src/coll.h"
#include "bindings/src/comm.h"
#include "bindings/src/error.h"
#include "mpi_impl.h"

/* ------------------------------------------------------------ Cartesian */
struct grid {
    int ndims;
    int *dims, *periods;
};

static void grid_clear(struct grid *grid)
{
    PyMem_Free(grid->periods);
    PyMem_Free(grid->dims);
}

/* One truth for all dimensions, or one for each. */
static int *bind_periods(PyObject *periods, int ndims)
{
    Py_ssize_t count = ndims;
    int *values, idx;

    if (periods != Py_None && !PyBool_Check(periods))
        return bind_ints(periods, &count);
    if (!(values = PyMem_New(int, ndims)))
        return (int *)PyErr_NoMemory();
    for (idx = 0; idx < ndims; idx++)
        values[idx] = periods == Py_True;
    return values;
}

static int grid_init(struct grid *grid, PyObject *dims, PyObject *periods)
{
    Py_ssize_t count = -1;

    *grid = (struct grid){ 0 };
    if (!(grid->dims = bind_ints(dims, &count)))
        return -1;
    grid->ndims = (int)count;
    if ((grid->periods = bind_periods(periods, grid->ndims)))
        return 0;
    grid_clear(grid);
    return -1;
}

PyObject *intracomm_Create_cart_impl(struct comm_object *self, PyObject *dims,
                                     PyObject *periods, bool reorder)
{
    MPI_Comm comm = MPI_COMM_NULL;
    struct grid grid;
    int rc;

    if (grid_init(&grid, dims, periods) < 0)
        return NULL;
    MPI_CALL(rc, MPI_Cart_create(self->mpi, grid.ndims, grid.dims, grid.periods,
                                 reorder, &comm));
    grid_clear(&grid);
    return comm_created(module->types[CLASS_Cartcomm], rc, comm);
}

PyObject *intracomm_Cart_map_impl(struct comm_object *self, PyObject *dims,
                                  PyObject *periods)
{
    int rc, rank = MPI_PROC_NULL;
    struct grid grid;

    if (grid_init(&grid, dims, periods) < 0)
        return NULL;
    MPI_CALL(rc, MPI_Cart_map(self->mpi, grid.ndims, grid.dims, grid.periods, &rank));
    grid_clear(&grid);
    return mpi_check(rc) < 0 ? NULL : PyLong_FromLong(rank);
}

PyObject *cartcomm_Sub_impl(struct comm_object *self, PyObject *remain_dims)
{
    MPI_Comm comm = MPI_COMM_NULL;
    int *remain, ndims = 0, rc;
    Py_ssize_t count;

    if (mpi_check(MPI_Cartdim_get(self->mpi, &ndims)) < 0)
        return NULL;
    count = ndims;
    if (!(remain = bind_ints(remain_dims, &count)))
        return NULL;
    MPI_CALL(rc, MPI_Cart_sub(self->mpi, remain, &comm));
    PyMem_Free(remain);
    return comm_created(module->types[CLASS_Cartcomm], rc, comm);
}

/* ------------------------------------------------------------ graphs */
struct graph {
    int nnodes, *index, *edges;
    int *index_heap;
};

static void graph_clear(struct graph *graph)
{
    PyMem_Free(graph->edges);
    PyMem_Free(graph->index_heap);
}

/* MPI reads as many edges as the index says. */
static int check_index(const struct graph *graph, Py_ssize_t nedges)
{
    int node;

    for (node = 0; node < graph->nnodes; node++) {
        if (graph->index[node] <= nedges)
            continue;
        PyErr_Format(PyExc_ValueError,
                     "the edges of node %d end at %d, but there are %zd edges", node,
                     graph->index[node], nedges);
        return -1;
    }
    return 0;
}

/* 'index' may begin with the 0 that MPI leaves out. */
static int graph_init(struct graph *graph, PyObject *index, PyObject *edges)
{
    Py_ssize_t nnodes = -1, nedges = -1;

    *graph = (struct graph){ 0 };
    if (!(graph->index_heap = bind_ints(index, &nnodes))
        || !(graph->edges = bind_ints(edges, &nedges)))
        goto error;
    graph->index = graph->index_heap;
    graph->nnodes = (int)nnodes;
    if (nnodes > 0 && graph->index[0] == 0) {
        graph->index++;
        graph->nnodes--;
    }
    if (check_index(graph, nedges) == 0)
        return 0;
error:
    graph_clear(graph);
    return -1;
}

PyObject *intracomm_Create_graph_impl(struct comm_object *self, PyObject *index,
                                      PyObject *edges, bool reorder)
{
    MPI_Comm comm = MPI_COMM_NULL;
    struct graph graph;
    int rc;

    if (graph_init(&graph, index, edges) < 0)
        return NULL;
    MPI_CALL(rc, MPI_Graph_create(self->mpi, graph.nnodes, graph.index, graph.edges,
                                  reorder, &comm));
    graph_clear(&graph);
    return comm_created(module->types[CLASS_Graphcomm], rc, comm);
}

PyObject *intracomm_Graph_map_impl(struct comm_object *self, PyObject *index,
                                   PyObject *edges)
{
    int rc, rank = MPI_PROC_NULL;
    struct graph graph;

    if (graph_init(&graph, index, edges) < 0)
        return NULL;
    MPI_CALL(rc,
             MPI_Graph_map(self->mpi, graph.nnodes, graph.index, graph.edges, &rank));
    graph_clear(&graph);
    return mpi_check(rc) < 0 ? NULL : PyLong_FromLong(rank);
}

/* ------------------------------------------------------------ distributed graphs */
/* Neighbours, and what their edges weigh: MPI_UNWEIGHTED, MPI_WEIGHTS_EMPTY, or one
 * integer for each. */
struct edges {
    int count, *ranks;
    const int *weights;
    int *weights_heap;
};

static void edges_clear(struct edges *edges)
{
    PyMem_Free(edges->weights_heap);
    PyMem_Free(edges->ranks);
    *edges = (struct edges){ 0 };
}

static bool is_address(PyObject *object, const void *address)
{
    PyObject *number;
    bool equal;

    if (!PyLong_CheckExact(object) || !(number = PyLong_FromVoidPtr((void *)address)))
        return false;
    equal = PyObject_RichCompareBool(object, number, Py_EQ) > 0;
    Py_DECREF(number);
    return equal;
}

static int bind_weights(struct edges *edges, PyObject *weights)
{
    Py_ssize_t count = edges->count;

    if (weights == Py_None || is_address(weights, MPI_UNWEIGHTED)) {
        edges->weights = MPI_UNWEIGHTED;
        return 0;
    }
    if (!is_address(weights, MPI_WEIGHTS_EMPTY)) {
        edges->weights = edges->weights_heap = bind_ints(weights, &count);
        return edges->weights ? 0 : -1;
    }
    edges->weights = MPI_WEIGHTS_EMPTY;
    if (edges->count == 0)
        return 0;
    PyErr_SetString(PyExc_ValueError, "empty weights but nonzero degree");
    return -1;
}

/* 'count' >= 0: how many ranks there must be.  'ranks' None: none. */
static int edges_init(struct edges *edges, PyObject *ranks, Py_ssize_t count,
                      PyObject *weights)
{
    *edges = (struct edges){ 0 };
    if (ranks == Py_None)
        count = 0;
    else if (!(edges->ranks = bind_ints(ranks, &count)))
        return -1;
    edges->count = (int)count;
    if (bind_weights(edges, weights) == 0)
        return 0;
    edges_clear(edges);
    return -1;
}

PyObject *intracomm_Create_dist_graph_adjacent_impl(
    struct comm_object *self, PyObject *sources, PyObject *destinations,
    PyObject *sourceweights, PyObject *destweights, MPI_Info info, bool reorder)
{
    MPI_Comm comm = MPI_COMM_NULL;
    struct edges in, out;
    int rc;

    if (edges_init(&in, sources, -1, sourceweights) < 0)
        return NULL;
    if (edges_init(&out, destinations, -1, destweights) < 0) {
        edges_clear(&in);
        return NULL;
    }
    MPI_CALL(rc, MPI_Dist_graph_create_adjacent(self->mpi, in.count, in.ranks,
                                                in.weights, out.count, out.ranks,
                                                out.weights, info, reorder, &comm));
    edges_clear(&out);
    edges_clear(&in);
    return comm_created(module->types[CLASS_Distgraphcomm], rc, comm);
}

/* -1 with the exception set when one is negative. */
static Py_ssize_t sum_of(const int *degrees, Py_ssize_t count)
{
    Py_ssize_t sum = 0, idx;

    for (idx = 0; idx < count; idx++) {
        if (degrees[idx] < 0) {
            PyErr_Format(PyExc_ValueError,
                         "degrees[%zd] is %d, but must not be negative", idx,
                         degrees[idx]);
            return -1;
        }
        sum += degrees[idx];
    }
    return sum;
}

/* MPICH ends the process over a rank that is not there. */
static int check_ranks(MPI_Comm comm, const char *name, const int *ranks,
                       Py_ssize_t count)
{
    struct mpiwait_members members;
    Py_ssize_t idx;

    if (comm == MPI_COMM_NULL)
        return 0;
    if (coll_members(comm, &members) < 0)
        return -1;
    for (idx = 0; idx < count; idx++)
        if (ranks[idx] < 0 || ranks[idx] >= members.size) {
            PyErr_Format(PyExc_ValueError,
                         "%s[%zd] is %d, but the communicator's ranks are 0 to %d",
                         name, idx, ranks[idx], members.size - 1);
            return -1;
        }
    return 0;
}

PyObject *intracomm_Create_dist_graph_impl(struct comm_object *self, PyObject *sources,
                                           PyObject *degrees, PyObject *destinations,
                                           PyObject *weights, MPI_Info info,
                                           bool reorder)
{
    int *nodes = NULL, *out_degrees = NULL, rc;
    Py_ssize_t count = -1, total;
    MPI_Comm comm = MPI_COMM_NULL;
    PyObject *result = NULL;
    struct edges out = { 0 };

    if (!(nodes = bind_ints(sources, &count))
        || !(out_degrees = bind_ints(degrees, &count))
        || (total = sum_of(out_degrees, count)) < 0
        || edges_init(&out, destinations, total, weights) < 0
        || check_ranks(self->mpi, "sources", nodes, count) < 0
        || check_ranks(self->mpi, "destinations", out.ranks, out.count) < 0)
        goto done;
    MPI_CALL(rc, MPI_Dist_graph_create(self->mpi, (int)count, nodes, out_degrees,
                                       out.ranks, out.weights, info, reorder, &comm));
    result = comm_created(module->types[CLASS_Distgraphcomm], rc, comm);
done:
    edges_clear(&out);
    PyMem_Free(out_degrees);
    PyMem_Free(nodes);
    return result;
}
