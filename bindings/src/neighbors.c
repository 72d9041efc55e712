/* neighbors.c - what can be asked about topologies */
#include "bindings/src/neighbors.h"

#include "bindings/src/bind.h"
#include "bindings/src/error.h"
#include "mpi_impl.h"

/* A list of integers that fill() writes; 'count' is known before. */
typedef int (*fill_f)(MPI_Comm comm, int rank, int count, int *values);

static PyObject *filled(fill_f fill, MPI_Comm comm, int rank, int count)
{
    int *values = PyMem_New(int, count);
    PyObject *list = NULL;

    if (!values)
        return PyErr_NoMemory();
    if (mpi_check(fill(comm, rank, count, values)) == 0)
        list = bind_int_list(values, count);
    PyMem_Free(values);
    return list;
}

/* One item of a tuple, which is consumed. */
static PyObject *item_of(PyObject *tuple, Py_ssize_t idx)
{
    PyObject *item = tuple ? Py_NewRef(PyTuple_GET_ITEM(tuple, idx)) : NULL;

    Py_XDECREF(tuple);
    return item;
}

/* ------------------------------------------------------------ Cartesian */
PyObject *cartcomm_Get_dim_impl(struct comm_object *self)
{
    int ndims = 0;

    if (mpi_check(MPI_Cartdim_get(self->mpi, &ndims)) < 0)
        return NULL;
    return PyLong_FromLong(ndims);
}

PyObject *cartcomm_Get_topo_impl(struct comm_object *self)
{
    int ndims = 0, *dims, *periods, *coords;
    PyObject *result = NULL;

    if (mpi_check(MPI_Cartdim_get(self->mpi, &ndims)) < 0)
        return NULL;
    if (!(dims = PyMem_New(int, 3 * (size_t)ndims)))
        return PyErr_NoMemory();
    periods = dims + ndims;
    coords = periods + ndims;
    if (mpi_check(MPI_Cart_get(self->mpi, ndims, dims, periods, coords)) == 0)
        result =
            Py_BuildValue("NNN", bind_int_list(dims, ndims),
                          bind_int_list(periods, ndims), bind_int_list(coords, ndims));
    PyMem_Free(dims);
    return result;
}

PyObject *cartcomm_dims_get(struct comm_object *self)
{
    return item_of(cartcomm_Get_topo_impl(self), 0);
}

PyObject *cartcomm_periods_get(struct comm_object *self)
{
    return item_of(cartcomm_Get_topo_impl(self), 1);
}

PyObject *cartcomm_coords_get(struct comm_object *self)
{
    return item_of(cartcomm_Get_topo_impl(self), 2);
}

PyObject *cartcomm_Get_cart_rank_impl(struct comm_object *self, PyObject *coords)
{
    int ndims = 0, rank = MPI_PROC_NULL, *values, rc;
    Py_ssize_t count;

    if (mpi_check(MPI_Cartdim_get(self->mpi, &ndims)) < 0)
        return NULL;
    count = ndims;
    if (!(values = bind_ints(coords, &count)))
        return NULL;
    rc = MPI_Cart_rank(self->mpi, values, &rank);
    PyMem_Free(values);
    return mpi_check(rc) < 0 ? NULL : PyLong_FromLong(rank);
}

PyObject *cartcomm_Get_coords_impl(struct comm_object *self, int rank)
{
    int ndims = 0;

    if (mpi_check(MPI_Cartdim_get(self->mpi, &ndims)) < 0)
        return NULL;
    return filled(MPI_Cart_coords, self->mpi, rank, ndims);
}

PyObject *cartcomm_Shift_impl(struct comm_object *self, int direction, int disp)
{
    int source = MPI_PROC_NULL, dest = MPI_PROC_NULL;

    if (mpi_check(MPI_Cart_shift(self->mpi, direction, disp, &source, &dest)) < 0)
        return NULL;
    return Py_BuildValue("ii", source, dest);
}

/* ------------------------------------------------------------ graphs */
PyObject *graphcomm_Get_dims_impl(struct comm_object *self)
{
    int nnodes = 0, nedges = 0;

    if (mpi_check(MPI_Graphdims_get(self->mpi, &nnodes, &nedges)) < 0)
        return NULL;
    return Py_BuildValue("ii", nnodes, nedges);
}

PyObject *graphcomm_nnodes_get(struct comm_object *self)
{
    return item_of(graphcomm_Get_dims_impl(self), 0);
}

PyObject *graphcomm_nedges_get(struct comm_object *self)
{
    return item_of(graphcomm_Get_dims_impl(self), 1);
}

PyObject *graphcomm_Get_topo_impl(struct comm_object *self)
{
    int nnodes = 0, nedges = 0, *index, *edges;
    PyObject *result = NULL;

    if (mpi_check(MPI_Graphdims_get(self->mpi, &nnodes, &nedges)) < 0)
        return NULL;
    if (!(index = PyMem_New(int, (size_t)nnodes + (size_t)nedges)))
        return PyErr_NoMemory();
    edges = index + nnodes;
    if (mpi_check(MPI_Graph_get(self->mpi, nnodes, nedges, index, edges)) == 0)
        result = Py_BuildValue("NN", bind_int_list(index, nnodes),
                               bind_int_list(edges, nedges));
    PyMem_Free(index);
    return result;
}

PyObject *graphcomm_index_get(struct comm_object *self)
{
    return item_of(graphcomm_Get_topo_impl(self), 0);
}

PyObject *graphcomm_edges_get(struct comm_object *self)
{
    return item_of(graphcomm_Get_topo_impl(self), 1);
}

PyObject *graphcomm_Get_neighbors_count_impl(struct comm_object *self, int rank)
{
    int count = 0;

    if (mpi_check(MPI_Graph_neighbors_count(self->mpi, rank, &count)) < 0)
        return NULL;
    return PyLong_FromLong(count);
}

PyObject *graphcomm_Get_neighbors_impl(struct comm_object *self, int rank)
{
    int count = 0;

    if (mpi_check(MPI_Graph_neighbors_count(self->mpi, rank, &count)) < 0)
        return NULL;
    return filled(MPI_Graph_neighbors, self->mpi, rank, count);
}

static int own_rank(struct comm_object *self, int *rank)
{
    *rank = MPI_PROC_NULL;
    return mpi_check(MPI_Comm_rank(self->mpi, rank));
}

PyObject *graphcomm_nneighbors_get(struct comm_object *self)
{
    int rank;

    return own_rank(self, &rank) < 0 ? NULL
                                     : graphcomm_Get_neighbors_count_impl(self, rank);
}

PyObject *graphcomm_neighbors_get(struct comm_object *self)
{
    int rank;

    return own_rank(self, &rank) < 0 ? NULL : graphcomm_Get_neighbors_impl(self, rank);
}

/* ------------------------------------------------------------ distributed graphs */
PyObject *distgraphcomm_Get_dist_neighbors_count_impl(struct comm_object *self)
{
    int in = 0, out = 0, is_weighted = 0;

    if (mpi_check(MPI_Dist_graph_neighbors_count(self->mpi, &in, &out, &is_weighted))
        < 0)
        return NULL;
    return Py_BuildValue("iiN", in, out, PyBool_FromLong(is_weighted));
}

PyObject *distgraphcomm_Get_dist_neighbors_impl(struct comm_object *self)
{
    int in = 0, out = 0, is_weighted = 0;
    int *sources, *in_weights, *dests, *out_weights;
    PyObject *weights, *result = NULL;

    if (mpi_check(MPI_Dist_graph_neighbors_count(self->mpi, &in, &out, &is_weighted))
        < 0)
        return NULL;
    if (!(sources = PyMem_New(int, 2 * ((size_t)in + (size_t)out))))
        return PyErr_NoMemory();
    in_weights = sources + in;
    dests = in_weights + in;
    out_weights = dests + out;
    if (mpi_check(MPI_Dist_graph_neighbors(
            self->mpi, in, sources, is_weighted ? in_weights : MPI_UNWEIGHTED, out,
            dests, is_weighted ? out_weights : MPI_UNWEIGHTED))
        < 0)
        goto done;
    weights = is_weighted ? Py_BuildValue("NN", bind_int_list(in_weights, in),
                                          bind_int_list(out_weights, out))
                          : Py_NewRef(Py_None);
    result = Py_BuildValue("NNN", bind_int_list(sources, in), bind_int_list(dests, out),
                           weights);
done:
    PyMem_Free(sources);
    return result;
}

/* ------------------------------------------------------------ any topology */
static int cart_degrees(MPI_Comm comm, int *in, int *out)
{
    int ndims = 0, rc = MPI_Cartdim_get(comm, &ndims);

    *in = *out = 2 * ndims;
    return rc;
}

static int graph_degrees(MPI_Comm comm, int *in, int *out)
{
    int rank = MPI_PROC_NULL, rc = MPI_Comm_rank(comm, &rank);

    if (rc == MPI_SUCCESS)
        rc = MPI_Graph_neighbors_count(comm, rank, in);
    *out = *in;
    return rc;
}

static int dist_graph_degrees(MPI_Comm comm, int *in, int *out)
{
    int is_weighted;

    return MPI_Dist_graph_neighbors_count(comm, in, out, &is_weighted);
}

/* Before and after this process in every dimension. */
static int cart_edges(MPI_Comm comm, int in, int *sources, int out, int *dests)
{
    int idx, rc = MPI_SUCCESS;

    for (idx = 0; rc == MPI_SUCCESS && idx < in; idx += 2)
        rc = MPI_Cart_shift(comm, idx / 2, 1, &sources[idx], &sources[idx + 1]);
    memcpy(dests, sources, (size_t)out * sizeof(*dests));
    return rc;
}

static int graph_edges(MPI_Comm comm, int in, int *sources, int out, int *dests)
{
    int rank = MPI_PROC_NULL, rc = MPI_Comm_rank(comm, &rank);

    if (rc == MPI_SUCCESS)
        rc = MPI_Graph_neighbors(comm, rank, in, sources);
    memcpy(dests, sources, (size_t)out * sizeof(*dests));
    return rc;
}

static int dist_graph_edges(MPI_Comm comm, int in, int *sources, int out, int *dests)
{
    return MPI_Dist_graph_neighbors(comm, in, sources, MPI_UNWEIGHTED, out, dests,
                                    MPI_UNWEIGHTED);
}

struct topology {
    int kind;
    int (*degrees)(MPI_Comm comm, int *in, int *out);
    int (*edges)(MPI_Comm comm, int in, int *sources, int out, int *dests);
};

static const struct topology topologies[] = {
    { MPI_CART, cart_degrees, cart_edges },
    { MPI_GRAPH, graph_degrees, graph_edges },
    { MPI_DIST_GRAPH, dist_graph_degrees, dist_graph_edges },
};

static const struct topology *topology_of(MPI_Comm comm)
{
    int kind = MPI_UNDEFINED;
    size_t idx;

    if (comm != MPI_COMM_NULL && mpi_check(MPI_Topo_test(comm, &kind)) < 0)
        return NULL;
    for (idx = 0; idx < Py_ARRAY_LENGTH(topologies); idx++)
        if (topologies[idx].kind == kind)
            return &topologies[idx];
    PyErr_SetString(PyExc_TypeError, "expecting a topology communicator");
    return NULL;
}

int neighbors_count(MPI_Comm comm, int *indegree, int *outdegree)
{
    const struct topology *topology = topology_of(comm);

    *indegree = *outdegree = 0;
    return topology ? mpi_check(topology->degrees(comm, indegree, outdegree)) : -1;
}

PyObject *topocomm_degrees_get(struct comm_object *self)
{
    int in, out;

    if (neighbors_count(self->mpi, &in, &out) < 0)
        return NULL;
    return Py_BuildValue("ii", in, out);
}

PyObject *topocomm_indegree_get(struct comm_object *self)
{
    return item_of(topocomm_degrees_get(self), 0);
}

PyObject *topocomm_outdegree_get(struct comm_object *self)
{
    return item_of(topocomm_degrees_get(self), 1);
}

PyObject *topocomm_inoutedges_get(struct comm_object *self)
{
    const struct topology *topology;
    PyObject *result = NULL;
    int in, out, *sources;

    if (neighbors_count(self->mpi, &in, &out) < 0
        || !(topology = topology_of(self->mpi)))
        return NULL;
    if (!(sources = PyMem_New(int, (size_t)in + (size_t)out)))
        return PyErr_NoMemory();
    if (mpi_check(topology->edges(self->mpi, in, sources, out, sources + in)) == 0)
        result = Py_BuildValue("NN", bind_int_list(sources, in),
                               bind_int_list(sources + in, out));
    PyMem_Free(sources);
    return result;
}

PyObject *topocomm_inedges_get(struct comm_object *self)
{
    return item_of(topocomm_inoutedges_get(self), 0);
}

PyObject *topocomm_outedges_get(struct comm_object *self)
{
    return item_of(topocomm_inoutedges_get(self), 1);
}
