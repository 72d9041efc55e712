/* mpi4py.i - MPI handles as parameters and results of functions that SWIG wraps
 *
 *     %include mpi4py/mpi4py.i
 *     %mpi4py_typemap(Comm, MPI_Comm);
 *
 * Then an MPI_Comm parameter takes an mpi4py.MPI.Comm, and an MPI_Comm result is a new
 * one; None is refused where a handle is wanted.
 */

%header %{
#include <mpi4py/mpi4py.h>
%}
%init %{
if (import_mpi4py() < 0)
    return NULL;
%}

%define %mpi4py_fragments(Class, Type)
%fragment(SWIG_AsPtr_frag(Type), "header") {
/* 'handle' (may be NULL) gets the address of the handle in 'object', or what SWIG
 * knows as a pointer to one. */
SWIGINTERN int SWIG_AsPtr_dec(Type)(SWIG_Object object, Type **handle)
{
    void *pointer = NULL;
    int rc = SWIG_OK;

    if (PyObject_TypeCheck(object, &PyMPI##Class##_Type)) {
        pointer = PyMPI##Class##_Get(object);
    } else if (object != Py_None) {
        rc = SWIG_ConvertPtr(object, &pointer, %descriptor(p_##Type), 0);
        if (SWIG_IsOK(rc) && !pointer)
            rc = SWIG_ValueError;
    }
    if (SWIG_IsOK(rc) && handle)
        *handle = %static_cast(pointer, Type *);
    return rc;
}
}
%fragment(SWIG_From_frag(Type), "header") {
SWIGINTERN SWIG_Object SWIG_From_dec(Type)(Type handle)
{
    return PyMPI##Class##_New(handle);
}
}
%enddef

/* Which of several overloaded functions fits: an order among the types. */
%define SWIG_TYPECHECK_MPI_Comm 400 %enddef
%define SWIG_TYPECHECK_MPI_Datatype 401 %enddef
%define SWIG_TYPECHECK_MPI_Request 402 %enddef
%define SWIG_TYPECHECK_MPI_Message 403 %enddef
%define SWIG_TYPECHECK_MPI_Status 404 %enddef
%define SWIG_TYPECHECK_MPI_Op 405 %enddef
%define SWIG_TYPECHECK_MPI_Group 406 %enddef
%define SWIG_TYPECHECK_MPI_Info 407 %enddef
%define SWIG_TYPECHECK_MPI_File 408 %enddef
%define SWIG_TYPECHECK_MPI_Win 409 %enddef
%define SWIG_TYPECHECK_MPI_Errhandler 410 %enddef
%define SWIG_TYPECHECK_MPI_Session 411 %enddef

%define %mpi4py_typemap(Class, Type)
%types(Type*);
%mpi4py_fragments(Class, Type);
%typemaps_asptrfromn(%checkcode(Type), Type);
%enddef
