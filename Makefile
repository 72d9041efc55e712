# Rankbook's Makefile: `make help` lists the targets.
#
# Settings, each overridable on the command line:
#   PYTHON=   the environment's python that ranks run (default .venv, made here)
#   MPICC=    the MPI's compiler wrapper              (default the mpich wheel's)
#   MPIEXEC=  its process manager                     (default the one beside it)
#   PREFIX=   where `make install` puts things        (default /usr/local)
#   SANITIZE= address,undefined                       (into a BUILD= of its own)

VENV    ?= .venv
BUILD   ?= build
PREFIX  ?= /usr/local
PYTHON  ?= $(VENV)/bin/python
MPICC   ?= $(VENV)/bin/mpicc
MPIEXEC ?= $(VENV)/bin/mpiexec
CC      := gcc
SANITIZE ?=

PACKAGES := gcc pkg-config libzmq3-dev libjansson-dev libsodium-dev \
            python3-dev python3-venv
TEST_PACKAGES := clang clang-format libclang-rt-14-dev chromium \
            fonts-dejavu-core fonts-liberation procps

VERSION := 0.1.0
abspath_of = $(if $(findstring /,$(1)),$(abspath $(1)),$(shell command -v $(1)))

WARN   := -Wall -Wextra -Wshadow -Wstrict-prototypes -Wmissing-prototypes -Wvla \
          -Wno-unused-parameter -Wno-missing-field-initializers
CFLAGS ?= -O2 -g
FLAGS  := -std=c11 -D_GNU_SOURCE -I. -I$(BUILD)/gen $(WARN) $(CFLAGS) -fPIC \
          -DRANKBOOK_VERSION='"$(VERSION)"' \
          $(if $(SANITIZE),-fsanitize=$(SANITIZE) -fno-omit-frame-pointer)
LIBS   := $(shell pkg-config --libs libzmq jansson libsodium 2>/dev/null)
FLAGS  += $(shell pkg-config --cflags libzmq jansson libsodium 2>/dev/null)
LINK   := $(CC) $(if $(SANITIZE),-fsanitize=$(SANITIZE)) -Wl,-rpath,'$$ORIGIN/../lib/rankbook'

PY_CFLAGS  = $(shell $(PYTHON) -c 'import sysconfig as s; print("-I" + s.get_path("include"))')
PY_LIBS    = $(shell $(PYTHON) -c 'import sysconfig as s; d = s.get_config_var("LIBDIR"); \
             print("-L%s -Wl,-rpath,%s -lpython%s -ldl -lm" % (d, d, s.get_config_var("LDVERSION")))')
PY_EXT     = $(shell $(PYTHON) -c 'import sysconfig as s; print(s.get_config_var("EXT_SUFFIX"))')

.DEFAULT_GOAL := all
.SECONDARY:
.DELETE_ON_ERROR:

# ---------------------------------------------------------------- folders
# One archive a folder, of everything in it but main.c.
FOLDERS := base wire page jupyter magics front keeper launcher
DIR_base := kernel/base
DIR_wire := kernel/wire
DIR_page := kernel/page
DIR_jupyter := kernel/jupyter
DIR_magics := magics
DIR_front := kernel/front kernel/front/gather
DIR_keeper := kernel/keeper
DIR_launcher := launcher launcher/replay

sources = $(sort $(foreach d,$(1),$(wildcard $(d)/*.c)))
objects = $(patsubst %.c,$(BUILD)/obj/%.o,$(1))
archive = $(BUILD)/obj/lib$(1).a
archives = $(foreach a,$(1),$(call archive,$(a)))

define folder
$(call archive,$(1)): $(call objects,$(filter-out %/main.c,$(call sources,$(DIR_$(1)))))
	@rm -f $$@ && ar rcs $$@ $$^
endef
$(foreach f,$(FOLDERS),$(eval $(call folder,$(f))))

$(BUILD)/obj/%.o: %.c
	@mkdir -p $(@D)
	$(CC) $(FLAGS) $(EXTRA_$(subst /,_,$(*D))) -MMD -MP -c $< -o $@

EXTRA_launcher = -DDEFAULT_PYTHON='"$(abspath $(PYTHON))"' \
                 -DDEFAULT_MPIEXEC='"$(call abspath_of,$(MPIEXEC))"'
EXTRA_kernel_interpreter = $(PY_CFLAGS)

# ---------------------------------------------------------------- programs
PROGRAMS := rankbook rankbook-front rankbook-keeper rankbook-interpreter
PARTS_rankbook := launcher jupyter base
PARTS_rankbook-front := front jupyter wire magics base
PARTS_rankbook-keeper := keeper wire page base
MAIN_rankbook := launcher/main.c
MAIN_rankbook-front := kernel/front/main.c
MAIN_rankbook-keeper := kernel/keeper/main.c

define program
$(BUILD)/bin/$(1): $(call objects,$(MAIN_$(1))) $(call archives,$(PARTS_$(1)))
	@mkdir -p $$(@D)
	$(LINK) -o $$@ $$^ $(LIBS)
endef
$(foreach p,rankbook rankbook-front rankbook-keeper,$(eval $(call program,$(p))))

INTERPRETER := $(call objects,$(call sources,kernel/interpreter))
$(BUILD)/bin/rankbook-interpreter: $(INTERPRETER) $(call archives,page base)
	@mkdir -p $(@D)
	$(LINK) -rdynamic -o $@ $^ $(PY_LIBS)

# ---------------------------------------------------------------- Python parts
LIB := $(BUILD)/lib/rankbook
SHELL_FILES := $(wildcard kernel/interpreter/shell/*.py)
PACKAGE_FILES := $(shell find bindings/mpi4py -name '*.py' -o -name '*.h' -o -name '*.pxd' 2>/dev/null)

$(LIB)/python/rankbook_shell/%: kernel/interpreter/shell/%
	@mkdir -p $(@D) && cp $< $@
$(LIB)/python/mpi4py/%: bindings/mpi4py/%
	@mkdir -p $(@D) && cp $< $@
$(BUILD)/share/rankbook/kernels/%: share/jupyter/kernels/%
	@mkdir -p $(@D) && cp $< $@

PYTHON_PARTS = $(SHELL_FILES:kernel/interpreter/shell/%=$(LIB)/python/rankbook_shell/%) \
               $(PACKAGE_FILES:bindings/mpi4py/%=$(LIB)/python/mpi4py/%)
SHARE_PARTS = $(patsubst share/jupyter/kernels/%,$(BUILD)/share/rankbook/kernels/%, \
              $(wildcard share/jupyter/kernels/*))

# ---------------------------------------------------------------- bindings
MPI_CC = OMPI_CC=$(CC) MPICH_CC=$(CC) $(MPICC)
WAIT_SOURCES := $(call sources,bindings/wait)
MPIWAIT := $(LIB)/libmpiwait.so
$(BUILD)/obj/bindings/%.o: bindings/%.c
	@mkdir -p $(@D)
	$(MPI_CC) $(FLAGS) $(PY_CFLAGS) -fvisibility=hidden -MMD -MP -c $< -o $@

MPI_LIBDIR = $(shell $(PYTHON) tools/mpi_libdir.py $(MPICC))
$(MPIWAIT): $(call objects,$(WAIT_SOURCES)) $(call archives,page base)
	@mkdir -p $(@D)
	$(MPI_CC) $(if $(SANITIZE),-fsanitize=$(SANITIZE)) -shared -o $@ $^ -lpthread \
	    $(if $(MPI_LIBDIR),-Wl,-rpath,$(MPI_LIBDIR))

API := $(wildcard bindings/api/*.api) bindings/api/generate.py
GENERATED := $(BUILD)/gen/mpi4py.stamp
$(GENERATED): $(API)
	@mkdir -p $(BUILD)/gen
	$(PYTHON) bindings/api/generate.py --out $(BUILD)/gen bindings/api/*.api
	@touch $@
BINDING_OBJECTS := $(call objects,$(call sources,bindings/src bindings/gpu))
$(BINDING_OBJECTS): $(GENERATED)
MPI_MODULE = $(LIB)/python/mpi4py/MPI$(PY_EXT)
$(MPI_MODULE): $(BINDING_OBJECTS) $(MPIWAIT)
	@mkdir -p $(@D)
	$(MPI_CC) $(if $(SANITIZE),-fsanitize=$(SANITIZE)) -shared -o $@ -Wl,--no-as-needed \
	    $(MPIWAIT) -Wl,--as-needed $(BINDING_OBJECTS) -Wl,-rpath,'$$ORIGIN/../..' \
	    $(if $(MPI_LIBDIR),-Wl,-rpath,$(MPI_LIBDIR))

# ---------------------------------------------------------------- what people type
.PHONY: all help venv venv-test venv-peers packages kernel binding clean
all: kernel binding ## build everything into build/

kernel: $(PROGRAMS:%=$(BUILD)/bin/%) kernel-python
.PHONY: kernel-python
kernel-python: $(PYTHON_PARTS) $(SHARE_PARTS)
binding: $(MPIWAIT) $(MPI_MODULE) kernel-python

help: ## this list
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/  make \1\t\2/p' $(MAKEFILE_LIST) | expand -t 20

clean: ## remove what was built (keeps .venv)
	rm -rf $(BUILD)

-include $(shell find $(BUILD)/obj -name '*.d' 2>/dev/null)

# ---------------------------------------------------------------- unit tests
UNIT_LIBS ?= $(FOLDERS)
UNIT := $(patsubst tests/unit/%.c,$(BUILD)/tests/unit/%,$(wildcard tests/unit/test_*.c))
$(BUILD)/tests/unit/%: $(BUILD)/obj/tests/unit/%.o $(call archives,$(UNIT_LIBS))
	@mkdir -p $(@D)
	$(LINK) -o $@ $< -Wl,--start-group $(call archives,$(UNIT_LIBS)) -Wl,--end-group $(LIBS) -lpthread
.PHONY: unit
unit: $(UNIT)
