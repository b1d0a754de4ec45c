# SPDX-License-Identifier: LGPL-3.0-or-later
# A short way to meson and the scripts; nothing is decided here.
BUILD ?= build
GUESTS ?= guest

all: $(BUILD)/build.ninja
	ninja -C $(BUILD)

$(BUILD)/build.ninja:
	@scripts/install-deps.sh --check build
	meson setup $(BUILD)

deps:
	@scripts/install-deps.sh build test

check:
	@scripts/install-deps.sh build test
	@$(MAKE) --no-print-directory all
	meson test -C $(BUILD) --print-errorlogs --no-suite guest

# All of them take hours by emulation; GUESTS=guest-ci is what CI boots.
check-guests:
	@scripts/install-deps.sh build test guest
	@$(MAKE) --no-print-directory all
	meson test -C $(BUILD) --print-errorlogs --suite $(GUESTS) \
	    --num-processes 1 --logbase guestlog

# From the logs of the tests that ran in $(BUILD).
matrix:
	@scripts/matrix.py $(BUILD) >docs/filesystems.md.new
	@mv docs/filesystems.md.new docs/filesystems.md
	@scripts/guests.py $(BUILD) >docs/guests.md.new
	@mv docs/guests.md.new docs/guests.md

demo:
	@scripts/install-deps.sh build guest
	@$(MAKE) --no-print-directory all
	@scripts/demo.sh $(BUILD)

bench:
	@scripts/install-deps.sh build test guest
	@scripts/bench.sh

bench-guests:
	@scripts/install-deps.sh build test guest
	@scripts/bench-guests.sh

install: all
	meson install -C $(BUILD)

format:
	clang-format -i $$(git ls-files '*.c' '*.h')

clean:
	rm -rf $(BUILD)

.PHONY: all deps check check-guests matrix demo bench bench-guests install format clean
