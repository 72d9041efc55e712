/* messages.c - MPI's blocking sends and receives, both twins
 *
 * MPI_Bsend is not here: it never waits for another process.
 */
#include "bindings/wait/layer.h"
#include "bindings/wait/p2p.h"

#define COUNT int
#define TWIN(name) name
#include "bindings/wait/p2p_twins.h"
#undef COUNT
#undef TWIN

#define COUNT MPI_Count
#define TWIN(name) name##_c
#include "bindings/wait/p2p_twins.h"
