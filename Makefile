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

PACKAGES := gcc pkg-config libzmq3-dev libjansson-dev libsodium-dev libssl-dev \
            python3-dev python3-venv
TEST_PACKAGES := clang clang-format libclang-rt-14-dev chromium \
            fonts-dejavu-core fonts-liberation g++ libmpich-dev mpich procps spin swig

VERSION := 0.1.0
abspath_of = $(if $(findstring /,$(1)),$(abspath $(1)),$(shell command -v $(1)))

WARN   := -Wall -Wextra -Wshadow -Wstrict-prototypes -Wmissing-prototypes -Wvla \
          -Wno-unused-parameter -Wno-missing-field-initializers
CFLAGS ?= -O2 -g
FLAGS  := -std=c11 -D_GNU_SOURCE -I. -I$(BUILD)/gen $(WARN) $(CFLAGS) -fPIC \
          -DRANKBOOK_VERSION='"$(VERSION)"' \
          $(if $(SANITIZE),-fsanitize=$(SANITIZE) -fno-omit-frame-pointer)
LIBS   := $(shell pkg-config --libs libzmq jansson libsodium libcrypto 2>/dev/null)
FLAGS  += $(shell pkg-config --cflags libzmq jansson libsodium libcrypto 2>/dev/null)
LINK   := $(CC) $(if $(SANITIZE),-fsanitize=$(SANITIZE))

# One short line a step; the whole commands with V=1.
say = $(if $(V),,@printf '  %-8s %s\n' $(1) $(2);)

.DEFAULT_GOAL := all
.SECONDARY:
.DELETE_ON_ERROR:

# What the build must know of Python and the MPI (PY_*, MPI_LIBDIR).  Targets that
# set things up first, or build nothing, do without.
SETUP := help clean packages demo test lab bench lint format fuzz venv-test venv-peers venv-openmpi
ifneq ($(filter-out $(SETUP),$(or $(MAKECMDGOALS),all)),)
include $(BUILD)/config.mk
endif
$(BUILD)/config.mk: tools/config.py $(if $(filter $(VENV)/%,$(PYTHON)),$(VENV)/.ready)
	@tools/packages.sh --check $(PACKAGES)
	@mkdir -p $(@D)
	$(call say,CONFIG,$@) $(PYTHON) tools/config.py $(MPICC) > $@

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
	$(call say,CC,$<) $(CC) $(FLAGS) $(EXTRA_$(subst /,_,$(*D))) -MMD -MP -c $< -o $@

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
	$$(call say,LINK,$$@) $(LINK) -o $$@ $$^ -Wl,--as-needed $(LIBS)
endef
$(foreach p,rankbook rankbook-front rankbook-keeper,$(eval $(call program,$(p))))

INTERPRETER := $(call objects,$(call sources,kernel/interpreter))
$(BUILD)/bin/rankbook-interpreter: $(INTERPRETER) $(call archives,page base)
	@mkdir -p $(@D)
	$(call say,LINK,$@) $(LINK) -rdynamic -o $@ $^ $(PY_LIBS)

# ---------------------------------------------------------------- Python parts
LIB := $(BUILD)/lib/rankbook
SHELL_FILES := $(wildcard kernel/interpreter/shell/*.py)
PACKAGE_FILES := $(shell find bindings/mpi4py -type f ! -name '*.pyc')

$(LIB)/python/rankbook_shell/%: kernel/interpreter/shell/%
	@mkdir -p $(@D) && cp $< $@
$(LIB)/python/mpi4py/%: bindings/mpi4py/%
	@mkdir -p $(@D) && cp $< $@
$(BUILD)/share/rankbook/kernels/%: share/jupyter/kernels/%
	@mkdir -p $(@D) && cp $< $@

$(LIB)/python/mpi4py/MPI.pyi: $(BUILD)/gen/mpi4py.stamp
	@mkdir -p $(@D) && cp $(BUILD)/gen/MPI.pyi $@

# It has nothing but types.
$(LIB)/python/mpi4py/typing.pyi: bindings/mpi4py/typing.py
	@mkdir -p $(@D) && cp $< $@

PYTHON_PARTS = $(LIB)/python/mpi4py/MPI.pyi $(LIB)/python/mpi4py/typing.pyi \
               $(SHELL_FILES:kernel/interpreter/shell/%=$(LIB)/python/rankbook_shell/%) \
               $(PACKAGE_FILES:bindings/mpi4py/%=$(LIB)/python/mpi4py/%)
SHARE_PARTS = $(patsubst share/jupyter/kernels/%,$(BUILD)/share/rankbook/kernels/%, \
              $(wildcard share/jupyter/kernels/*))

# ---------------------------------------------------------------- bindings
MPI_CC = OMPI_CC=$(CC) MPICH_CC=$(CC) $(MPICC)
MPI_RPATH = $(MPI_LIBDIR:%=-Wl,-rpath,%)
WAIT_SOURCES := $(call sources,bindings/wait)
MPIWAIT := $(LIB)/libmpiwait.so
$(BUILD)/obj/bindings/%.o: bindings/%.c
	@mkdir -p $(@D)
	$(call say,MPICC,$<) $(MPI_CC) $(FLAGS) $(PY_CFLAGS) -fvisibility=hidden -MMD -MP -c $< -o $@

$(MPIWAIT): $(call objects,$(WAIT_SOURCES)) $(call archives,page base)
	@mkdir -p $(@D)
	$(call say,LINK,$@) $(MPI_CC) $(if $(SANITIZE),-fsanitize=$(SANITIZE)) -shared -o $@ $^ -lpthread \
	    -Wl,--exclude-libs,ALL -Wl,-soname,libmpiwait.so $(MPI_RPATH)

API := $(wildcard bindings/api/*.api bindings/api/*.py)
GENERATED := $(BUILD)/gen/mpi4py.stamp
$(GENERATED): $(API)
	@mkdir -p $(BUILD)/gen
	$(call say,GENERATE,$(BUILD)/gen) $(PYTHON) bindings/api/generate.py --out $(BUILD)/gen bindings/api/*.api
	@touch $@
# What mpi.h lacks is defined by the build.
MPI_ABSENT := $(BUILD)/gen/mpi_absent.h
$(MPI_ABSENT): bindings/api/absent.txt bindings/api/absent.py bindings/api/library.py
	@mkdir -p $(@D)
	$(call say,GENERATE,$@) $(PYTHON) bindings/api/absent.py $@ $< env $(MPI_CC)
BINDING_OBJECTS := $(call objects,$(call sources,bindings/src bindings/gpu))
$(BINDING_OBJECTS): $(GENERATED) $(MPI_ABSENT)
MPI_MODULE = $(LIB)/python/mpi4py/MPI$(PY_EXT)
$(MPI_MODULE): $(BINDING_OBJECTS) $(MPIWAIT)
	@mkdir -p $(@D)
	$(call say,LINK,$@) $(MPI_CC) $(if $(SANITIZE),-fsanitize=$(SANITIZE)) -shared -o $@ -Wl,--no-as-needed \
	    $(MPIWAIT) -Wl,--as-needed $(BINDING_OBJECTS) -Wl,-rpath,'$$ORIGIN/../..' \
	    $(MPI_RPATH)

# What the package says of its MPI.
MPI_PARTS := $(LIB)/python/mpi4py/libmpi.pxd $(LIB)/python/mpi4py/mpi.cfg
$(LIB)/python/mpi4py/libmpi.pxd: $(API)
	@mkdir -p $(@D)
	$(call say,GENERATE,$@) $(PYTHON) bindings/api/libmpi.py $@ bindings/api/*.api -- env $(MPI_CC)
$(LIB)/python/mpi4py/mpi.cfg: Makefile
	@mkdir -p $(@D)
	@printf '[mpi]\nmpicc = %s\n' $(call abspath_of,$(MPICC)) > $@

# ---------------------------------------------------------------- set-up
$(VENV)/.ready: requirements.txt
	@tools/packages.sh --check $(PACKAGES)
	tools/venv.sh $(VENV) requirements.txt
	@touch $@
$(VENV)/.ready-lab: requirements-lab.txt requirements.txt
	tools/venv.sh $(VENV) requirements-lab.txt
	@touch $(VENV)/.ready $@
$(VENV)/.ready-test: requirements-test.txt requirements.txt
	tools/venv.sh $(VENV) requirements-test.txt
	@touch $(VENV)/.ready $(VENV)/.ready-lab $@
.venv-peers/.ready: requirements-peers.txt
	tools/venv.sh .venv-peers requirements-peers.txt
	@touch $@
.venv-openmpi/.ready: requirements-openmpi.txt
	tools/venv.sh .venv-openmpi requirements-openmpi.txt
	@touch $@
.PHONY: venv-test venv-peers venv-openmpi packages
packages: ## install the system packages that the build needs
	@tools/packages.sh $(PACKAGES)
venv-test: $(VENV)/.ready-test
venv-peers: .venv-peers/.ready
venv-openmpi: .venv-openmpi/.ready

# ---------------------------------------------------------------- what people type
.PHONY: all kernel binding kernel-python help demo test lab bench clean install
all: kernel binding ## build everything into build/
kernel: $(PROGRAMS:%=$(BUILD)/bin/%) kernel-python
binding: $(MPIWAIT) $(MPI_MODULE) $(MPI_PARTS) kernel-python
kernel-python: $(LIB)/python/.compiled $(SHARE_PARTS)

# Compiled here, because nobody can write there after an install; and never
# compared with the sources again, which costs at every start.
$(LIB)/python/.compiled: $(PYTHON_PARTS)
	$(call say,COMPILE,$(LIB)/python) $(PYTHON) -m compileall -q --invalidation-mode unchecked-hash $(LIB)/python
	@touch $@

JOBS := -j$(shell nproc)
DEMO_RANKS ?= 4
demo: packages ## set up, build, and replay an example notebook on 4 ranks
	@$(MAKE) --no-print-directory $(JOBS) all
	@mkdir -p $(BUILD)/demo
	@tools/demo.sh $(BUILD)/bin/rankbook examples/pi.ipynb $(BUILD)/demo/pi.ipynb $(DEMO_RANKS)

test: ## set up, build, and run every test
	@tools/packages.sh $(PACKAGES) $(TEST_PACKAGES)
	@$(MAKE) --no-print-directory venv-test venv-peers
	@$(MAKE) --no-print-directory $(JOBS) all unit
	@$(MAKE) --no-print-directory $(JOBS) BUILD=$(BUILD)/asan SANITIZE=address,undefined unit fuzz-replay
	@! command -v mpicc.mpich >/dev/null || $(MAKE) --no-print-directory $(JOBS) \
	    BUILD=$(BUILD)/mpich4 MPICC=mpicc.mpich MPIEXEC=mpiexec.mpich binding
	@$(PYTHON) tests/run.py --build $(BUILD)

.PHONY: test-mpi4py
test-mpi4py: ## mpi4py's own test suite on 1 to 4 ranks, beside its wheel
	@tools/packages.sh $(PACKAGES) $(TEST_PACKAGES)
	@$(MAKE) --no-print-directory venv-test venv-peers
	@$(MAKE) --no-print-directory $(JOBS) binding
	@BUILD=$(BUILD) $(PYTHON) tests/mpi4py/suite.py --reference 1,2,3,4

TORTURE ?= --rounds 1000 --seconds 1200 --kernels 4
.PHONY: torture
torture: packages ## random faults under traffic, for 20 minutes at most
	@$(MAKE) --no-print-directory venv-test
	@$(MAKE) --no-print-directory $(JOBS) all
	@BUILD=$(abspath $(BUILD)) $(PYTHON) tests/torture/torture.py $(TORTURE)

lab: packages ## JupyterLab with the kernels in its launcher
	@$(MAKE) --no-print-directory $(VENV)/.ready-lab
	@$(MAKE) --no-print-directory $(JOBS) all
	@$(BUILD)/bin/rankbook install --prefix $(abspath $(BUILD))/lab
	JUPYTER_PATH=$(abspath $(BUILD))/lab/share/jupyter $(VENV)/bin/jupyter lab \
	    --notebook-dir=examples $(if $(filter 0,$(shell id -u)),--allow-root) $(LAB_OPTIONS)

bench: packages ## measure against ipykernel and mpi4py; table and JSON
	@$(MAKE) --no-print-directory venv-test venv-peers venv-openmpi
	@$(MAKE) --no-print-directory $(JOBS) all
	@$(PYTHON) tests/bench/bench.py --build $(BUILD) --out $(BUILD)/bench.json

help: ## this list
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/  make \1\t\2/p' Makefile | expand -t 20

clean: ## remove what was built (keeps .venv)
	rm -rf $(BUILD)

install: all ## copy what was built to PREFIX (default /usr/local)
	install -d $(DESTDIR)$(PREFIX)/bin $(DESTDIR)$(PREFIX)/lib $(DESTDIR)$(PREFIX)/share
	install -m 755 $(PROGRAMS:%=$(BUILD)/bin/%) $(DESTDIR)$(PREFIX)/bin
	cp -r $(LIB) $(DESTDIR)$(PREFIX)/lib
	cp -r $(BUILD)/share/rankbook $(DESTDIR)$(PREFIX)/share

# ---------------------------------------------------------------- lint, format
SOURCES = $(shell git ls-files '*.c' '*.h')
.PHONY: lint format
lint: ## check form: includes, format, lengths, warnings
	@tools/packages.sh $(PACKAGES) $(TEST_PACKAGES)
	@$(MAKE) --no-print-directory venv-test
	@clang-format --dry-run -Werror $(SOURCES)
	@$(PYTHON) tools/lint.py
	@$(PYTHON) -m pyflakes $(shell git ls-files '*.py')
	@$(MAKE) --no-print-directory $(JOBS) BUILD=$(BUILD)/lint CFLAGS='-O1 -Werror' all
	@echo lint: ok
format: ## clang-format every C file
	@tools/packages.sh clang-format
	clang-format -i $(SOURCES)

# ---------------------------------------------------------------- tests' programs
# A test links what the programs share, and the folder of the one program whose
# headers it includes: programs may use the same name for different things.
UNIT_LIBS ?= $(FOLDERS)
SHARED := base wire page jupyter magics
test_program = $(foreach p,$(filter-out $(SHARED),$(UNIT_LIBS)), \
    $(if $(shell grep -lE 'include "(kernel/)?$(p)/' $(1)),$(p)))
test_libs = -Wl,--start-group $(call archives,$(call test_program,$(1)) \
            $(filter $(SHARED),$(UNIT_LIBS))) -Wl,--end-group $(LIBS) -lpthread
UNIT := $(patsubst tests/unit/%.c,$(BUILD)/tests/unit/%,$(wildcard tests/unit/test_*.c))
$(BUILD)/tests/unit/%: $(BUILD)/obj/tests/unit/%.o $(call archives,$(UNIT_LIBS))
	@mkdir -p $(@D)
	$(call say,LINK,$@) $(LINK) -o $@ $< $(call test_libs,tests/unit/$*.c)
# The gather, for tests that drive it from Python.
GATHER := $(BUILD)/tests/libgather.so
$(GATHER): $(BUILD)/obj/tests/kernel/gather.o $(call archives,front $(SHARED))
	@mkdir -p $(@D)
	$(call say,LINK,$@) $(LINK) -shared -o $@ $< -Wl,--start-group \
	    $(call archives,front $(SHARED)) -Wl,--end-group $(LIBS)
.PHONY: unit fuzz-replay fuzz-search fuzz
unit: $(UNIT) $(GATHER)

# Every decoder of outside bytes: replayed over its corpus in the tests, and
# searched by libFuzzer with `make fuzz`.
FUZZERS := $(patsubst tests/fuzz/%.c,%,$(wildcard tests/fuzz/fuzz_*.c))
$(BUILD)/tests/fuzz/%: $(BUILD)/obj/tests/fuzz/%.o $(BUILD)/obj/tests/fuzz/driver.o \
                       $(call archives,$(UNIT_LIBS))
	@mkdir -p $(@D)
	$(call say,LINK,$@) $(LINK) -o $@ $(filter %.o,$^) $(call test_libs,tests/fuzz/$*.c)
fuzz-replay: $(FUZZERS:%=$(BUILD)/tests/fuzz/%)

FUZZ_SECONDS ?= 60
$(BUILD)/tests/search/%: $(BUILD)/obj/tests/fuzz/%.o $(call archives,$(UNIT_LIBS))
	@mkdir -p $(@D)
	$(call say,LINK,$@) $(LINK) -fsanitize=fuzzer -o $@ $< \
	    $(call test_libs,tests/fuzz/$*.c)
fuzz-search: $(FUZZERS:%=$(BUILD)/tests/search/%)
fuzz: ## search each decoder of outside bytes for FUZZ_SECONDS
	@tools/packages.sh $(PACKAGES) clang libclang-rt-14-dev
	@$(MAKE) --no-print-directory $(JOBS) BUILD=$(BUILD)/fuzz CC=clang CFLAGS='-O1 -g' \
	    SANITIZE=fuzzer-no-link,address,undefined FUZZERS='$(FUZZERS)' fuzz-search
	@for f in $(FUZZERS); do echo "== $$f"; mkdir -p $(BUILD)/fuzz/corpus/$$f; \
	    $(BUILD)/fuzz/tests/search/$$f -max_total_time=$(FUZZ_SECONDS) \
	        -print_final_stats=1 $(BUILD)/fuzz/corpus/$$f \
	        tests/fuzz/corpus/$${f#fuzz_} || exit 1; done

-include $(shell find $(BUILD)/obj -name '*.d' 2>/dev/null)
