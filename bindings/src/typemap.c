/* typemap.c - formats of memory to MPI datatypes, and back
 *
 * Formats are those of PEP 3118 and numpy's type strings.  Codes of one character
 * are by far the most frequent: they are looked up in an array.
 */
#include "bindings/src/datatype.h"

#include "bindings/src/error.h"
#include "mpi_impl.h"

#ifdef MPIX_C_FLOAT16
#define FLOAT16 MPIX_C_FLOAT16
#else
#define FLOAT16 MPI_DATATYPE_NULL
#endif

static const struct {
    const char *format;
    MPI_Datatype datatype;
} typemap[] = {
    { "?", MPI_C_BOOL },
    { "b", MPI_SIGNED_CHAR },
    { "h", MPI_SHORT },
    { "i", MPI_INT },
    { "l", MPI_LONG },
    { "q", MPI_LONG_LONG },
    { "B", MPI_UNSIGNED_CHAR },
    { "H", MPI_UNSIGNED_SHORT },
    { "I", MPI_UNSIGNED },
    { "L", MPI_UNSIGNED_LONG },
    { "Q", MPI_UNSIGNED_LONG_LONG },
    { "e", FLOAT16 },
    { "f", MPI_FLOAT },
    { "d", MPI_DOUBLE },
    { "g", MPI_LONG_DOUBLE },
    { "F", MPI_C_COMPLEX },
    { "D", MPI_C_DOUBLE_COMPLEX },
    { "G", MPI_C_LONG_DOUBLE_COMPLEX },
    { "Zf", MPI_C_COMPLEX },
    { "Zd", MPI_C_DOUBLE_COMPLEX },
    { "Zg", MPI_C_LONG_DOUBLE_COMPLEX },
    { "b1", MPI_C_BOOL },
    { "i1", MPI_INT8_T },
    { "i2", MPI_INT16_T },
    { "i4", MPI_INT32_T },
    { "i8", MPI_INT64_T },
    { "u1", MPI_UINT8_T },
    { "u2", MPI_UINT16_T },
    { "u4", MPI_UINT32_T },
    { "u8", MPI_UINT64_T },
    { "f2", FLOAT16 },
    { "f4", MPI_FLOAT },
    { "f8", MPI_DOUBLE },
    { "f16", MPI_LONG_DOUBLE },
    { "c8", MPI_C_COMPLEX },
    { "c16", MPI_C_DOUBLE_COMPLEX },
    { "c32", MPI_C_LONG_DOUBLE_COMPLEX },
    { "n", MPI_COUNT },
    { "N", MPI_UNSIGNED_LONG },
    { "p", MPI_AINT },
    { "P", MPI_UNSIGNED_LONG },
    { "c", MPI_CHAR },
    { "a", MPI_CHAR },
    { "S", MPI_CHAR },
    { "S1", MPI_CHAR },
    { "s", MPI_CHAR },
    { "1s", MPI_CHAR },
    { "U", MPI_WCHAR },
    { "U1", MPI_WCHAR },
    { "w", MPI_WCHAR },
    { "1w", MPI_WCHAR },
    { "u", MPI_UINT16_T },
    { "1u", MPI_UINT16_T },
    { "M", MPI_INT64_T },
    { "M8", MPI_INT64_T },
    { "m", MPI_INT64_T },
    { "m8", MPI_INT64_T },
    { "i16", MPI_INTEGER16 },
    { "c4", MPI_COMPLEX4 },
};

/* MPI._typedict_c is a part of the map; MPI._typedict_f names Fortran's types. */
static const char *const c_formats[] = {
    "?",  "b",  "h",  "i",  "l",  "q",  "B",  "H",  "I",   "L",   "Q",
    "f",  "d",  "g",  "F",  "D",  "G",  "b1", "i1", "i2",  "i4",  "i8",
    "u1", "u2", "u4", "u8", "f2", "f4", "c8", "f8", "c16", "f16", "c32",
};
static const struct {
    const char *format;
    MPI_Datatype datatype;
} fortran[] = {
    { "l", MPI_LOGICAL },
    { "i", MPI_INTEGER },
    { "r", MPI_REAL },
    { "s", MPI_REAL },
    { "d", MPI_DOUBLE_PRECISION },
    { "c", MPI_COMPLEX },
    { "z", MPI_DOUBLE_COMPLEX },
    { "i1", MPI_INTEGER1 },
    { "i2", MPI_INTEGER2 },
    { "i4", MPI_INTEGER4 },
    { "i8", MPI_INTEGER8 },
    { "i16", MPI_INTEGER16 },
    { "r2", MPI_REAL2 },
    { "r4", MPI_REAL4 },
    { "r8", MPI_REAL8 },
    { "r16", MPI_REAL16 },
    { "c4", MPI_COMPLEX4 },
    { "c8", MPI_COMPLEX8 },
    { "c16", MPI_COMPLEX16 },
    { "c32", MPI_COMPLEX32 },
};

/* What tocode(), typestr and typechar say; the kind of typestr's first letter. */
static const struct {
    MPI_Datatype datatype;
    const char *code;
    char kind;
    char typechar;
} codes[] = {
    { MPI_BYTE, "B", 'u', 'B' },
    { MPI_PACKED, "B", 'u', 'B' },
    { MPI_AINT, "p", 'i', 'p' },
    { MPI_OFFSET, "p", 'i', 'p' },
    { MPI_COUNT, "p", 'i', 'p' },
    { MPI_CHAR, "c", 'S', 'c' },
    { MPI_WCHAR, "U", 'U', 'U' },
    { MPI_SIGNED_CHAR, "b", 'i', 'b' },
    { MPI_SHORT, "h", 'i', 'h' },
    { MPI_INT, "i", 'i', 'i' },
    { MPI_LONG, "l", 'i', 'l' },
    { MPI_LONG_LONG, "q", 'i', 'q' },
    { MPI_UNSIGNED_CHAR, "B", 'u', 'B' },
    { MPI_UNSIGNED_SHORT, "H", 'u', 'H' },
    { MPI_UNSIGNED, "I", 'u', 'I' },
    { MPI_UNSIGNED_LONG, "L", 'u', 'L' },
    { MPI_UNSIGNED_LONG_LONG, "Q", 'u', 'Q' },
    { MPI_FLOAT, "f", 'f', 'f' },
    { MPI_DOUBLE, "d", 'f', 'd' },
    { MPI_LONG_DOUBLE, "g", 'f', 'g' },
    { MPI_C_BOOL, "b1", 'b', '?' },
    { MPI_INT8_T, "i1", 'i', 'b' },
    { MPI_INT16_T, "i2", 'i', 'h' },
    { MPI_INT32_T, "i4", 'i', 'i' },
    { MPI_INT64_T, "i8", 'i', 'l' },
    { MPI_UINT8_T, "u1", 'u', 'B' },
    { MPI_UINT16_T, "u2", 'u', 'H' },
    { MPI_UINT32_T, "u4", 'u', 'I' },
    { MPI_UINT64_T, "u8", 'u', 'L' },
#ifdef MPIX_C_FLOAT16
    { MPIX_C_FLOAT16, "e", 'f', 'e' },
#endif
    { MPI_C_COMPLEX, "F", 'c', 'F' },
    { MPI_C_DOUBLE_COMPLEX, "D", 'c', 'D' },
    { MPI_C_LONG_DOUBLE_COMPLEX, "G", 'c', 'G' },
    { MPI_CXX_BOOL, "?", 'b', '?' },
    { MPI_CXX_FLOAT_COMPLEX, "F", 'c', 'F' },
    { MPI_CXX_DOUBLE_COMPLEX, "D", 'c', 'D' },
    { MPI_CXX_LONG_DOUBLE_COMPLEX, "G", 'c', 'G' },
    { MPI_CHARACTER, "c", 'S', 'c' },
    { MPI_LOGICAL, "i", 'i', 'i' },
    { MPI_INTEGER, "i", 'i', 'i' },
    { MPI_REAL, "f", 'f', 'f' },
    { MPI_DOUBLE_PRECISION, "d", 'f', 'd' },
    { MPI_COMPLEX, "F", 'c', 'F' },
    { MPI_DOUBLE_COMPLEX, "D", 'c', 'D' },
    { MPI_INTEGER1, "i1", 'i', 'b' },
    { MPI_INTEGER2, "i2", 'i', 'h' },
    { MPI_INTEGER4, "i4", 'i', 'i' },
    { MPI_INTEGER8, "i8", 'i', 'l' },
    { MPI_REAL4, "f4", 'f', 'f' },
    { MPI_REAL8, "f8", 'f', 'd' },
    { MPI_REAL16, "f16", 'f', 'g' },
    { MPI_COMPLEX8, "c8", 'c', 'F' },
    { MPI_COMPLEX16, "c16", 'c', 'D' },
    { MPI_COMPLEX32, "c32", 'c', 'G' },
    { MPI_LOGICAL1, "i1", 'i', 'b' },
    { MPI_LOGICAL2, "i2", 'i', 'h' },
    { MPI_LOGICAL4, "i4", 'i', 'i' },
    { MPI_LOGICAL8, "i8", 'i', 'l' },
    { MPI_LOGICAL16, "i16", 'i', 'V' },
    { MPI_INTEGER16, "i16", 'i', 'V' },
    { MPI_REAL2, "f2", 'f', 'e' },
    { MPI_COMPLEX4, "c4", 'c', 'V' },
};

/* Of the C type with this typechar; complex numbers are aligned as their parts. */
static const unsigned char alignments[128] = {
    ['c'] = 1,
    ['b'] = 1,
    ['B'] = 1,
    ['?'] = _Alignof(bool),
    ['h'] = _Alignof(short),
    ['H'] = _Alignof(short),
    ['i'] = _Alignof(int),
    ['I'] = _Alignof(int),
    ['l'] = _Alignof(long),
    ['L'] = _Alignof(long),
    ['q'] = _Alignof(long long),
    ['Q'] = _Alignof(long long),
    ['p'] = _Alignof(MPI_Aint),
    ['U'] = _Alignof(wchar_t),
    ['e'] = 2,
    ['f'] = _Alignof(float),
    ['d'] = _Alignof(double),
    ['g'] = _Alignof(long double),
    ['F'] = _Alignof(float),
    ['D'] = _Alignof(double),
    ['G'] = _Alignof(long double),
};
/* Values with an int behind them have no code. */
static const struct {
    MPI_Datatype datatype;
    unsigned char alignment;
} pairs[] = {
    { MPI_SHORT_INT, _Alignof(int) },
    { MPI_2INT, _Alignof(int) },
    { MPI_LONG_INT, _Alignof(long) },
    { MPI_FLOAT_INT, _Alignof(float) },
    { MPI_DOUBLE_INT, _Alignof(double) },
    { MPI_LONG_DOUBLE_INT, _Alignof(long double) },
};

/* MPI_DATATYPE_NULL where there is none. */
static MPI_Datatype single[128];

static MPI_Datatype find_format(const char *format)
{
    size_t idx;

    if (format[0] && !format[1])
        return (unsigned char)format[0] < 128 ? single[(int)format[0]]
                                              : MPI_DATATYPE_NULL;
    for (idx = 0; idx < Py_ARRAY_LENGTH(typemap); idx++)
        if (!strcmp(typemap[idx].format, format))
            return typemap[idx].datatype;
    return MPI_DATATYPE_NULL;
}

/* Past the mark of native order; NULL when it is the other one. */
static const char *skip_order(const char *format)
{
    const char native = PY_LITTLE_ENDIAN ? '<' : '>',
               other = PY_LITTLE_ENDIAN ? '>' : '<';

    if (*format == '@' || *format == native)
        return format + 1;
    return *format == other ? NULL : format;
}

int datatype_from_format(const char *format, MPI_Datatype *datatype)
{
    const char *code = format ? skip_order(format) : NULL;
    MPI_Datatype found;

    if (!format) {
        *datatype = MPI_BYTE;
        return 0;
    }
    if (!code) {
        PyErr_Format(PyExc_BufferError, "format string '%s' with non-native byte order",
                     format);
        return -1;
    }
    if ((found = find_format(code)) != MPI_DATATYPE_NULL) {
        *datatype = found;
        return 0;
    }
    PyErr_Format(PyExc_KeyError, "cannot map '%s' to MPI datatype", code);
    return -1;
}

PyObject *datatype_fromcode_impl(PyTypeObject *cls, PyObject *code)
{
    PyObject *constant = PyDict_GetItemWithError(module->typedict, code);

    if (!constant && !PyErr_Occurred())
        PyErr_Format(PyExc_ValueError, "cannot map code %R to MPI datatype", code);
    return Py_XNewRef(constant);
}

/* ------------------------------------------------------------ and back */
/* The type below chains of Dup(), and its combiner. */
static int undup(MPI_Datatype datatype, MPI_Datatype *basic, int *combiner)
{
    MPI_Count sizes[4];

    *basic = datatype;
    for (;;) {
        if (mpi_check(MPI_Type_get_envelope_c(*basic, &sizes[0], &sizes[1], &sizes[2],
                                              &sizes[3], combiner))
            < 0)
            return -1;
        if (*combiner != MPI_COMBINER_DUP)
            return 0;
        if (mpi_check(
                MPI_Type_get_contents_c(*basic, 0, 0, 0, 1, NULL, NULL, NULL, basic))
            < 0)
            return -1;
    }
}

/* Fortran's parametrised types have the codes of those of their size. */
static int find_sized(MPI_Datatype datatype, char kind)
{
    MPI_Count lb, extent;
    char code[16];
    size_t idx;

    if (datatype_extent(datatype, &lb, &extent) < 0)
        return -2;
    PyOS_snprintf(code, sizeof(code), "%c%lld", kind, (long long)extent);
    for (idx = 0; idx < Py_ARRAY_LENGTH(codes); idx++)
        if (!strcmp(codes[idx].code, code))
            return (int)idx;
    return -1;
}

/* Index into codes, -1 when there is none, -2 with an exception set. */
static int find_code(MPI_Datatype datatype)
{
    int combiner = MPI_COMBINER_NAMED;
    MPI_Datatype basic;
    size_t idx;

    if (datatype == MPI_DATATYPE_NULL)
        return -1;
    if (undup(datatype, &basic, &combiner) < 0)
        return -2;
    if (combiner == MPI_COMBINER_F90_INTEGER)
        return find_sized(basic, 'i');
    if (combiner == MPI_COMBINER_F90_REAL)
        return find_sized(basic, 'f');
    if (combiner == MPI_COMBINER_F90_COMPLEX)
        return find_sized(basic, 'c');
    for (idx = 0; idx < Py_ARRAY_LENGTH(codes); idx++)
        if (codes[idx].datatype == basic)
            return (int)idx;
    return -1;
}

PyObject *datatype_tocode_impl(struct datatype_object *self)
{
    int idx = find_code(self->mpi);

    if (idx >= 0)
        return PyUnicode_FromString(codes[idx].code);
    if (idx == -1)
        PyErr_SetString(PyExc_ValueError,
                        "cannot map to character code or type string");
    return NULL;
}

PyObject *datatype_typestr_get(struct datatype_object *self)
{
    int idx = find_code(self->mpi);
    MPI_Count lb, extent;

    if (self->mpi == MPI_DATATYPE_NULL)
        return PyUnicode_FromString("");
    if (idx == -2 || datatype_extent(self->mpi, &lb, &extent) < 0)
        return NULL;
    if (idx >= 0 && (codes[idx].kind == 'S' || codes[idx].kind == 'U'))
        return PyUnicode_FromFormat("%c1", codes[idx].kind);
    return PyUnicode_FromFormat("%c%lld", idx < 0 ? 'V' : codes[idx].kind, extent);
}

PyObject *datatype_typechar_get(struct datatype_object *self)
{
    int idx = find_code(self->mpi);

    if (self->mpi == MPI_DATATYPE_NULL)
        return PyUnicode_FromString("");
    if (idx == -2)
        return NULL;
    return PyUnicode_FromFormat("%c", idx < 0 ? 'V' : codes[idx].typechar);
}

PyObject *mpi__typecode_impl(MPI_Datatype datatype)
{
    int idx = find_code(datatype);

    if (idx == -2)
        return NULL;
    return idx < 0 ? Py_NewRef(Py_None) : PyUnicode_FromString(codes[idx].code);
}

PyObject *mpi__typealign_impl(MPI_Datatype datatype)
{
    int idx = find_code(datatype), alignment = 0;
    size_t pair;

    if (idx == -2)
        return NULL;
    if (idx >= 0)
        alignment = alignments[(int)codes[idx].typechar];
    for (pair = 0; pair < Py_ARRAY_LENGTH(pairs); pair++)
        if (pairs[pair].datatype == datatype && datatype != MPI_DATATYPE_NULL)
            alignment = pairs[pair].alignment;
    return alignment ? PyLong_FromLong(alignment) : Py_NewRef(Py_None);
}

/* ------------------------------------------------------------ sizes */
/* The datatypes of 'codes' and 'pairs', hashed; a size is asked for when it is first
 * wanted. */
enum { BASICS = 256 };
static struct {
    MPI_Datatype datatype;
    MPI_Count size;
} basics[BASICS];

static unsigned hash(MPI_Datatype datatype)
{
    return (uint32_t)(uintptr_t)datatype * 2654435769u >> 24;
}

/* Where 'datatype' is, or would be. */
static unsigned find_basic(MPI_Datatype datatype)
{
    unsigned idx = hash(datatype);

    while (basics[idx].datatype != MPI_DATATYPE_NULL
           && basics[idx].datatype != datatype)
        idx = (idx + 1) % BASICS;
    return idx;
}

MPI_Count datatype_basic_size(MPI_Datatype datatype)
{
    unsigned idx = find_basic(datatype);
    MPI_Count size = basics[idx].size, lb, extent;

    if (size == 0 && basics[idx].datatype != MPI_DATATYPE_NULL
        && MPI_Type_size_c(datatype, &size) == MPI_SUCCESS
        && MPI_Type_get_extent_c(datatype, &lb, &extent) == MPI_SUCCESS)
        basics[idx].size = size == extent ? size : -1;
    return basics[idx].size > 0 ? basics[idx].size : 0;
}

static void hash_basic(MPI_Datatype datatype)
{
    if (datatype != MPI_DATATYPE_NULL)
        basics[find_basic(datatype)].datatype = datatype;
}

static void hash_basics(void)
{
    size_t idx;

    for (idx = 0; idx < BASICS; idx++)
        basics[idx].datatype = MPI_DATATYPE_NULL;
    for (idx = 0; idx < Py_ARRAY_LENGTH(codes); idx++)
        hash_basic(codes[idx].datatype);
    for (idx = 0; idx < Py_ARRAY_LENGTH(pairs); idx++)
        hash_basic(pairs[idx].datatype);
}

/* ------------------------------------------------------------ the dictionaries */
static int put(PyObject *dict, const char *format, MPI_Datatype datatype)
{
    PyObject *object;
    int rc;

    if (datatype == MPI_DATATYPE_NULL)
        return 0;
    if (!(object = datatype_constant(datatype)))
        return -1;
    rc = PyDict_SetItemString(dict, format, object);
    Py_DECREF(object);
    return rc;
}

static int add_formats(PyObject *dict)
{
    size_t idx;

    for (idx = 0; idx < Py_ARRAY_LENGTH(single); idx++)
        single[idx] = MPI_DATATYPE_NULL;
    for (idx = 0; idx < Py_ARRAY_LENGTH(typemap); idx++) {
        const char *format = typemap[idx].format;

        if (!format[1])
            single[(int)format[0]] = typemap[idx].datatype;
        if (put(dict, format, typemap[idx].datatype) < 0)
            return -1;
    }
    return 0;
}

static int add_c_formats(PyObject *dict)
{
    size_t idx;

    for (idx = 0; idx < Py_ARRAY_LENGTH(c_formats); idx++)
        if (put(dict, c_formats[idx], find_format(c_formats[idx])) < 0)
            return -1;
    return 0;
}

static int add_fortran_formats(PyObject *dict)
{
    size_t idx;

    for (idx = 0; idx < Py_ARRAY_LENGTH(fortran); idx++)
        if (put(dict, fortran[idx].format, fortran[idx].datatype) < 0)
            return -1;
    return 0;
}

static PyObject *add_dict(struct module_state *state, const char *name,
                          int (*fill)(PyObject *dict))
{
    PyObject *dict = PyDict_New();

    if (dict && fill(dict) == 0
        && PyModule_AddObjectRef(state->module, name, dict) == 0)
        return dict;
    Py_XDECREF(dict);
    return NULL;
}

int datatype_module_init(struct module_state *state)
{
    PyObject *other;

    hash_basics();
    if (!(state->typedict = add_dict(state, "_typedict", add_formats)))
        return -1;
    if (!(other = add_dict(state, "_typedict_c", add_c_formats)))
        return -1;
    Py_DECREF(other);
    if (!(other = add_dict(state, "_typedict_f", add_fortran_formats)))
        return -1;
    Py_DECREF(other);
    return 0;
}
