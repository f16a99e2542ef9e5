# The short front door. `make help` lists it; HACKING.md says more.
SHELL := /bin/bash
.DELETE_ON_ERROR:

PORT ?= 8000
PREFIX ?= /usr/local
FUZZ_SECONDS ?= 600
CHAOS_SECONDS ?= 60
JOBS ?= $(shell nproc)
PYTHON3 ?= python3
CMAKE_ARGS ?=
VENV_RUN := build/venv-run
VENV_TEST := build/venv-test
VENV_APPS := build/venv-apps

.PHONY: help deps deps-test deps-bench build run test test-asan test-tsan lint analyze format format-check bench bench-nginx bench-chain bench-supervisord fuzz chaos deb wheels image deb-proof install clean build/dev/compile_commands.json

help: ## This list
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## /\1\t/' | expand -t 14

deps: ## Install what building and running need (Debian packages)
	@tools/deps.sh build

deps-test: ## ... and what the tests need
	@tools/deps.sh test
	@tools/second_python.sh

deps-bench: ## ... and what the benchmarks need: wrk and the peers
	@tools/deps.sh bench

build: deps ## The program, at build/release/tierce, and its extension for every CPython found
	@cmake --preset release -DTIERCE_PYTHONS="$$(tools/find_pythons.py | paste -sd';')" $(CMAKE_ARGS) > build-configure.log \
	  || { cat build-configure.log; exit 1; }
	@mkdir -p build && mv build-configure.log build/configure.log
	cmake --build --preset release -j $(JOBS)

run: build ## Serve examples/flask on port 8000 (PORT=...)
	@test -x $(VENV_RUN)/bin/python || $(PYTHON3) -m venv $(VENV_RUN)
	@$(VENV_RUN)/bin/python -c 'import flask' 2>/dev/null || $(VENV_RUN)/bin/pip install -q -r examples/flask/requirements.txt
	build/release/tierce run app:app --chdir examples/flask -b 127.0.0.1:$(PORT) --python $(VENV_RUN)/bin/python

$(VENV_TEST)/.done: tests/requirements.txt
	@test -x $(VENV_TEST)/bin/python || $(PYTHON3) -m venv $(VENV_TEST)
	@$(VENV_TEST)/bin/pip install -q -r tests/requirements.txt
	@touch $@

$(VENV_APPS)/.done: tests/applications/requirements.txt tools/applications_venv.sh
	@mkdir -p build
	@PYTHON3=$(PYTHON3) tools/applications_venv.sh $(VENV_APPS)

test: deps-test format-check lint ## Every test; ends with one line that counts them
	@$(MAKE) --no-print-directory build CMAKE_ARGS="-DTIERCE_WERROR=ON $(CMAKE_ARGS)"
	@$(MAKE) --no-print-directory $(VENV_TEST)/.done $(VENV_APPS)/.done
	TIERCE_TEST_PYTHONS="$$(tools/test_pythons.sh $(VENV_TEST))" $(VENV_TEST)/bin/python tools/run_tests.py build/release

# A sanitizer's library is not in a jail, and its shadow memory is larger than any limit of the address space.
NOT_SANITIZED := --deselect tests/integration/test_uwsgi_identity.py::test_everything_happens_in_the_jail \
  --deselect tests/integration/test_uwsgi_identity.py::test_the_address_space_is_limited

test-asan: deps-test $(VENV_TEST)/.done $(VENV_APPS)/.done ## The whole suite with AddressSanitizer and UndefinedBehaviorSanitizer
	cmake --preset asan -DTIERCE_PYTHONS="$$(PYTHON=$(VENV_TEST)/bin/python tools/find_pythons.py | sed -n 1p)" > build/asan-configure.log
	cmake --build --preset asan -j $(JOBS)
	TIERCE_PYTHON_PRELOAD="$$(g++ -print-file-name=libasan.so):$$(g++ -print-file-name=libstdc++.so)" ASAN_OPTIONS=detect_leaks=0:abort_on_error=1:handle_segv=0:quarantine_size_mb=8 TIERCE_TEST_SLOWNESS=8 \
	  $(VENV_TEST)/bin/python tools/run_tests.py build/asan $(NOT_SANITIZED)

test-tsan: deps-test $(VENV_TEST)/.done $(VENV_APPS)/.done ## The whole suite with ThreadSanitizer
	cmake --preset tsan -DTIERCE_PYTHONS="$$(PYTHON=$(VENV_TEST)/bin/python tools/find_pythons.py | sed -n 1p)" > build/tsan-configure.log
	cmake --build --preset tsan -j $(JOBS)
	TIERCE_PYTHON_PRELOAD="$$(g++ -print-file-name=libtsan.so):$$(g++ -print-file-name=libstdc++.so)" TSAN_OPTIONS=halt_on_error=1:handle_segv=0:die_after_fork=0:suppressions=$(CURDIR)/tests/tsan_suppressions.txt TIERCE_TEST_SLOWNESS=8 \
	  $(VENV_TEST)/bin/python tools/run_tests.py build/tsan $(NOT_SANITIZED)

# The analyzer of paths takes three times as long as everything else: it is a target of its own (and leaves the tests out,
# where it spends minutes on GoogleTest's macros).
lint: deps-test build/dev/compile_commands.json ## clang-tidy and the direction of the includes; a finding is an error
	$(PYTHON3) tools/tidy.py
	@find src -name '*.cc' -not -name '*_fuzz.cc' -not -name '*_bench.cc' | xargs -P $(JOBS) -n 1 clang-tidy-16 -p build/dev --quiet --checks='-clang-analyzer-*' 2> /dev/null
	@echo "clang-tidy: nothing found"

analyze: deps-test build/dev/compile_commands.json ## ... and clang's analyzer of paths, an hour
	@find src -name '*.cc' -not -name '*_fuzz.cc' -not -name '*_bench.cc' -not -name '*_test.cc' | xargs -P $(JOBS) -n 1 clang-tidy-16 -p build/dev --quiet --checks='-*,clang-analyzer-*,-clang-analyzer-optin.performance.Padding' 2> /dev/null
	@echo "clang's analyzer: nothing found"

build/dev/compile_commands.json:
	@cmake --preset dev -DTIERCE_PYTHONS="$$(tools/find_pythons.py | sed -n 1p)" > /dev/null

format: ## Lay the sources out with clang-format
	find src -name '*.cc' -o -name '*.h' | xargs clang-format-14 -i

format-check:
	@find src -name '*.cc' -o -name '*.h' | xargs clang-format-14 --dry-run -Werror

bench: build deps-bench ## Measure against the peers, on this machine, in one run
	$(PYTHON3) bench/bench.py $(BENCH_ARGS)

bench-nginx: build deps-bench ## ... the edge role against nginx, with one worker each
	$(PYTHON3) bench/nginx.py --json bench/nginx.json

bench-chain: build deps-bench $(VENV_TEST)/.done ## ... the whole chain against supervisord, nginx and uWSGI
	$(PYTHON3) bench/chain.py --json bench/chain.json

bench-supervisord: build $(VENV_TEST)/.done ## ... and the supervise role against supervisord, about three minutes
	$(PYTHON3) bench/supervisord.py --json bench/supervisord.json

fuzz: ## Run every fuzz target for FUZZ_SECONDS (600)
	@tools/deps.sh fuzz
	cmake --preset fuzz > /dev/null
	cmake --build --preset fuzz -j $(JOBS)
	@set -e; for target in $$(find src -name '*_fuzz.cc' -printf '%f\n' | sed 's/\.cc$$//' | sort); do \
	  mkdir -p build/fuzz/corpus/$$target; \
	  echo "== $$target"; \
	  build/fuzz/$$target -max_total_time=$(FUZZ_SECONDS) -print_final_stats=1 -verbosity=0 \
	    build/fuzz/corpus/$$target tests/corpus/$$target; \
	done

chaos: build $(VENV_TEST)/.done ## Kill random workers under load for CHAOS_SECONDS (60), and 1,000 processes of programs
	$(VENV_TEST)/bin/python tests/chaos/kill_workers.py --seconds $(CHAOS_SECONDS)
	$(VENV_TEST)/bin/python tests/chaos/kill_programs.py --kills 1000 --peer

deb: build ## The Debian package, at build/deb
	@tools/deps.sh deb
	tools/deb.sh build/release build/deb

wheels: ## A wheel for each CPython found, at build/wheels, each tried in a virtual environment of its own
	@tools/deps.sh build
	tools/wheels.sh build/wheels

image: ## Build and run the images of Dockerfile and examples/seed with buildah (root; no registry is asked)
	@tools/deps.sh image
	tools/image_proof.sh build/image

deb-proof: deb ## Install the Debian package on a clean Debian and run its unit's command (root)
	@tools/deps.sh image
	tools/deb_proof.sh build/deb build/deb-proof

install: build ## Install into PREFIX (/usr/local), DESTDIR honoured
	$(PYTHON3) tools/man_pages.py build/release/tierce build/release/man
	cmake --install build/release --prefix $(PREFIX)

clean: ## Remove what was built
	rm -rf build
