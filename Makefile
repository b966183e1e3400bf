# SPDX-License-Identifier: Apache-2.0
#
# The front door. CMake does the building; this file names what people want.
# Lines with two hashes are printed by `make help`.

BUILD ?= build
JOBS  ?= $(shell nproc 2>/dev/null || echo 2)
CC    ?= cc

# configure(directory, cmake options)
configure = cmake -S . -B $(1) $(2) >/dev/null
compile   = cmake --build $(1) -j $(JOBS)
ctest     = ctest --test-dir $(1) --output-on-failure -j $(JOBS)

# Targets install packages and share build folders: one at a time.
.NOTPARALLEL:
.PHONY: all help demo test check asan clang fmt fmt-check lint arch \
        bench size fuzz install clean

## all: build everything into build/ (the default)
all: setup-build
	@$(call configure,$(BUILD))
	@$(call compile,$(BUILD))

## demo: set up, build, and show a policy become a device that proves who it is
demo: setup-demo all
	@scripts/demo.sh $(BUILD)

## check: set up, build, and run every test (this is what CI runs)
check: setup-all
	@scripts/check.sh

## test: build and run the tests once, no sanitizers
test: setup-build setup-test
	@$(call configure,$(BUILD),-DHD_TESTS=ON)
	@$(call compile,$(BUILD))
	@$(call ctest,$(BUILD))

## asan: the tests under AddressSanitizer and UndefinedBehaviorSanitizer
asan: setup-build setup-test
	@$(call configure,$(BUILD)-asan,-DHD_TESTS=ON -DHD_SANITIZE=address$(comma)undefined -DCMAKE_BUILD_TYPE=Debug)
	@$(call compile,$(BUILD)-asan)
	@$(call ctest,$(BUILD)-asan)

## clang: build with clang, warnings as errors
clang: setup-build setup-test
	@CC=clang cmake -S . -B $(BUILD)-clang -DHD_TESTS=ON >/dev/null
	@$(call compile,$(BUILD)-clang)

## fmt: format the sources in place
fmt: setup-lint
	@git ls-files '*.c' '*.h' | xargs clang-format -i

## fmt-check: fail when a source is not formatted
fmt-check: setup-lint
	@git ls-files '*.c' '*.h' | xargs clang-format --dry-run -Werror

## lint: clang-tidy and cppcheck and the project's own rules
lint: setup-build setup-test setup-lint
	@$(call configure,$(BUILD),-DHD_TESTS=ON)
	@$(call compile,$(BUILD))
	@scripts/lint.sh $(BUILD)

## arch: prove that lib/ is freestanding, without heap, globals or upward dependency
arch: setup-size all
	@scripts/arch.sh $(BUILD)

## size: flash, RAM and worst stack of the driver on Cortex-M0+, rv32imc, lx106
size: setup-size
	@bench/size/run.sh

## bench: every figure of the README's tables, with its yardstick and ratio
bench: all size
	@scripts/bench.sh $(BUILD)

## fuzz: run every fuzz target for SECONDS (default 60) from its seeds
fuzz: setup-build setup-test
	@CC=clang cmake -S . -B $(BUILD)-fuzz -DHD_FUZZ=ON -DHD_SANITIZE=address$(comma)undefined >/dev/null
	@$(call compile,$(BUILD)-fuzz)
	@scripts/fuzz.sh $(BUILD)-fuzz $(or $(SECONDS),60)

## install: install into PREFIX (default /usr/local)
install: all
	@cmake --install $(BUILD) $(if $(PREFIX),--prefix $(PREFIX))

## clean: remove every build directory
clean:
	@rm -rf $(BUILD) $(BUILD)-asan $(BUILD)-clang $(BUILD)-fuzz

## help: this list
help:
	@sed -n 's/^## \([a-z-]*\): /  make \1\t/p' Makefile | expand -t 18

comma := ,

# A pattern rule is not tried for phony targets, so this is a static one.
parts := build demo test lint size
.PHONY: setup-all $(parts:%=setup-%)
setup-all:
	@scripts/setup.sh $(parts)
$(parts:%=setup-%): setup-%:
	@scripts/setup.sh $*
