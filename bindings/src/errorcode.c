/* errorcode.c - error classes and codes, MPI's and those that programs add */
#include "bindings/src/error.h"
#include "bindings/src/exception.h"
#include "mpi_impl.h"

PyObject *mpi_Get_error_class_impl(int errorcode)
{
    int error_class = MPI_SUCCESS;

    if (mpi_check(MPI_Error_class(errorcode, &error_class)) < 0)
        return NULL;
    return PyLong_FromLong(error_class);
}

PyObject *mpi_Get_error_string_impl(int errorcode)
{
    return exception_string(errorcode);
}

PyObject *mpi_Add_error_class_impl(void)
{
    int error_class = MPI_SUCCESS;

    if (mpi_check(MPI_Add_error_class(&error_class)) < 0)
        return NULL;
    return PyLong_FromLong(error_class);
}

PyObject *mpi_Add_error_code_impl(int errorclass)
{
    int code = MPI_SUCCESS;

    if (mpi_check(MPI_Add_error_code(errorclass, &code)) < 0)
        return NULL;
    return PyLong_FromLong(code);
}

int mpi_Add_error_string_impl(int errorcode, const char *string)
{
    return mpi_check(MPI_Add_error_string(errorcode, string));
}

int mpi_Remove_error_class_impl(int errorclass)
{
    return mpi_check(MPI_Remove_error_class(errorclass));
}

int mpi_Remove_error_code_impl(int errorcode)
{
    return mpi_check(MPI_Remove_error_code(errorcode));
}

int mpi_Remove_error_string_impl(int errorcode)
{
    return mpi_check(MPI_Remove_error_string(errorcode));
}
