# The commands of this project. CI calls only these.

CARGO ?= cargo
PREFIX ?= /usr/local
DESTDIR ?=

.PHONY: help demo tour test check unit loom c python node fleet counts counts-store blackbox clients browser screenshots bench allocations san fuzz abi header install setup clean

help:
	@echo "make demo              see it work: a hub, a C worker, a Rust worker, real requests"
	@echo "make tour              the five minutes of the README, each command run"
	@echo "make test              everything that CI runs"
	@echo "make bench             Slotway beside its floors and peers; bench-core, bench-hubpath, bench-http,"
	@echo "                       bench-growth, bench-python, bench-node, bench-events, bench-sse, bench-calls, bench-counts for one; bench-table for a document"
	@echo "make counts            instructions for one exchange beside the baseline; counts-store sets it anew"
	@echo "make soak              20 minutes of deaths, hostile workers and crowds; SOAK_MINUTES=n"
	@echo "make install PREFIX=…  the hub, the C library, its header, pkg-config and CMake files"
	@echo "make check|unit|loom|c|python|node|fleet|counts|blackbox|clients|browser   one part of make test"
	@echo "make san               core and the C interface under AddressSanitizer, ThreadSanitizer"
	@echo "make fuzz              libFuzzer on every target, FUZZ_SECONDS=60 each"
	@echo "make abi               the C interface beside the stored one"
	@echo "make allocations       who allocates how much for a request in the hub, place by place"
	@echo "make screenshots       docs/dashboard-*.png, docs/status.svg, docs/top.svg: under load, one worker stopped"
	@echo "make header            write include/slotway.h anew after a change of the C ABI"

setup:
	@scripts/setup.sh

demo: setup
	@scripts/demo.sh

tour: setup
	@scripts/tour.sh

test: setup
	@scripts/test.sh

check unit loom c python node fleet counts blackbox clients browser: setup
	@scripts/test.sh $@

counts-store: setup
	@scripts/counts.sh store

screenshots: setup
	@tests/browser/run.sh screenshots
	@tests/terminal/run.sh

soak: setup
	@scripts/soak.sh

bench: setup
	@scripts/bench.sh

bench-%: setup
	@scripts/bench.sh $*

allocations:
	@SLOTWAY_ALLOCATION_SITES=1 $(CARGO) test -p slotway-hub --all-features --test allocations -- --nocapture

san: setup
	@scripts/san.sh

fuzz: setup
	@scripts/fuzz.sh

abi:
	@scripts/abi.sh

header: setup
	@scripts/header.sh

install:
	@CARGO="$(CARGO)" PREFIX="$(PREFIX)" DESTDIR="$(DESTDIR)" scripts/install.sh

clean:
	$(CARGO) clean
