/* callbacks.c - whether MPI may call functions of its users while it makes progress */
#include "bindings/wait/layer.h"

EXPORT atomic_bool mpiwait_calls_back;

#define NOTED(name, params, args)                                                      \
    EXPORT int MPI_##name params                                                       \
    {                                                                                  \
        atomic_store_explicit(&mpiwait_calls_back, true, memory_order_relaxed);        \
        return PMPI_##name args;                                                       \
    }

NOTED(Op_create, (MPI_User_function * function, int commute, MPI_Op *op),
      (function, commute, op))
NOTED(Op_create_c, (MPI_User_function_c * function, int commute, MPI_Op *op),
      (function, commute, op))
NOTED(Grequest_start,
      (MPI_Grequest_query_function * query, MPI_Grequest_free_function *release,
       MPI_Grequest_cancel_function *cancel, void *state, MPI_Request *request),
      (query, release, cancel, state, request))
