# mtabox - build, test, install; needs GNU make
# SPDX-License-Identifier: MIT
#
# make CC=cc DEPS=system    static mbedTLS 3.6 and zlib of this machine, where it has them
# CFLAGS and LDFLAGS are appended; V=1 shows the commands
.SUFFIXES .DELETE_ON_ERROR:

CC := $(if $(filter default,$(origin CC)),musl-gcc,$(CC))
HOSTCC ?= cc
AR ?= ar
STRIP ?= strip
PREFIX ?= /usr/local
FUZZ_S ?= 60
SAN = san
VERSION = 0.1
EPOCH := $(or $(shell git log -1 --format=%ct 2>/dev/null),$(SOURCE_DATE_EPOCH),0)

WARN = -Wall -Wextra -Wshadow -Wstrict-prototypes -Wmissing-prototypes -Wvla -Wpointer-arith \
	-Wcast-qual -Wwrite-strings -Wformat=2 -Wundef $(if $(filter true,$(CI)),-Werror)
BASE = -std=c11 -D_GNU_SOURCE -Icore -I. $(WARN)
# calls are looked at across files: 25 kB less; make LTO=-fno-lto links in a moment
LTO = -flto=auto -flto-partition=one
SMALL = -Oz -flto=auto -ffat-lto-objects -malign-data=abi -fno-pie -ffunction-sections -fdata-sections \
	-fno-unwind-tables -fno-asynchronous-unwind-tables -fno-inline-functions-called-once -fno-jump-tables
SANITIZE = -g -O1 -fsanitize=address,undefined -fno-sanitize-recover=all -fno-omit-frame-pointer \
	$(FUZZER:%=-fsanitize=%-no-link)
ifeq ($(DEPS),system)
LIBS = -lmbedtls -lmbedx509 -lmbedcrypto -lz
CA_FILES = /etc/ssl/certs/ca-certificates.crt
else
LIBS = -lmbedtls -lz
CA_FILES = build/deps/src/ca/*.crt
BASE += -DMBEDTLS_CONFIG_FILE='"net/mbedtls_config.h"'
OWN = build/deps/src/version
OWN_MUSL = build/deps/musl/stamp
OWN_SAN = build/deps/$(SAN)/stamp
endif
MUSL_CFLAGS = $(BASE) $(SMALL) -g -fstack-protector \
	$(OWN_MUSL:%/stamp=-isystem %/include) $(CFLAGS)
MUSL_LDFLAGS = -static -no-pie -Wl,-O2,--gc-sections,--build-id=none \
	$(OWN_MUSL:%/stamp=-L%/lib) $(LDFLAGS)
SAN_CFLAGS = $(BASE) $(SANITIZE) $(OWN_SAN:%/stamp=-isystem %/include) -Itests -Ibuild/gen $(CFLAGS)
SAN_LDFLAGS = $(SANITIZE) $(OWN_SAN:%/stamp=-L%/lib) $(LDFLAGS)

SRC = $(sort $(wildcard core/*/*.c applets/*.c applets/*/*.c)) $(addprefix build/gen/,advice.c charsets.c roots.c)
OBJ = $(SRC:%.c=build/musl/%.o)
SAN_OBJ = $(patsubst %.c,build/$(SAN)/%.o,$(filter-out applets/main.c,$(SRC)) \
	$(wildcard tests/fakes/fake_*.c))
UNIT = $(patsubst %.c,build/%,$(sort $(wildcard tests/unit/test_*.c)))
CORPUS = $(patsubst %.c,build/%,$(sort $(wildcard tests/fuzz/fuzz_*.c)))

Q = $(if $(V),,@)
start = @$(if $(V),,echo '  $(1)';) mkdir -p $(@D)
LINK = $(CC) $(SMALL) -g $(CFLAGS) $(MUSL_LDFLAGS) -Wl,-T,scripts/layout.ld $(OBJ) $(LIBS)

all: build/mtabox		## the static binary build/mtabox (build/mtabox.debug: unstripped)
build/mtabox: build/mtabox.debug
	$(call start,STRIP $@)
	$(Q)$(STRIP) -o $@ $<
build/mtabox.debug: $(OBJ) scripts/layout.ld build/gen/charsets.ld
	$(call start,LD $@)
	$(Q)$(LINK) $(LTO) -o $@

build/musl/%.o: %.c build/musl/flags $(OWN_MUSL)
	$(call start,CC $<)
	$(Q)$(CC) $(MUSL_CFLAGS) $(DEFINES) -MMD -MP -c -o $@ $<
build/$(SAN)/%.o: %.c build/$(SAN)/flags $(OWN_SAN)
	$(call start,CC $< (sanitizers))
	$(Q)$(HOSTCC) $(SAN_CFLAGS) $(DEFINES) -MMD -MP -c -o $@ $<
build/$(SAN)/mtabox.a: $(SAN_OBJ)
	$(Q)rm -f $@; $(AR) crs $@ $^
build/tests/%: build/$(SAN)/tests/%.o build/$(SAN)/mtabox.a
	$(call start,LD $@)
	$(Q)$(HOSTCC) -o $@ $(SAN_LDFLAGS) -Wl,--start-group $^ $(LIBS) -Wl,--end-group -lcmocka
$(CORPUS): build/$(SAN)/tests/lib/run_corpus.o
build/tests/unit/test_starved: SAN_LDFLAGS += -Wl,--wrap=malloc,--wrap=calloc,--wrap=realloc
build/fuzz/bin/%: build/$(SAN)/tests/fuzz/%.o build/$(SAN)/mtabox.a
	$(call start,LD $@)
	$(Q)$(HOSTCC) -o $@ -fsanitize=$(FUZZER) $(SAN_LDFLAGS) -Wl,--start-group $^ $(LIBS) -Wl,--end-group

build/tests/peer build/tests/tty build/tests/dns: build/tests/%: tests/fakes/%.c
	$(call start,CC $<)
	$(Q)$(HOSTCC) -std=c11 -D_GNU_SOURCE $(WARN) -g -O1 -o $@ $<

# what gigabytes go through
$(patsubst %,build/musl/%.o,$(addprefix core/,sys/bytes sys/buf proto/b64_fast proto/syslog proto/maillog proto/maillog_postfix know/match) applets/maillogwatch/tally): DEFINES = -O2 -fjump-tables -finline-functions-called-once
build/musl/core/sys/copy.o: DEFINES = -fno-lto	# LTO would lose memcpy
build/%/core/sys/version.o: DEFINES = -DMTABOX_VERSION='"$(VERSION)"' -DMTABOX_BUILD_EPOCH=$(EPOCH)
build/musl/core/sys/version.o build/$(SAN)/core/sys/version.o: build/version
# Files that change only when what they tell does.
build/musl/flags: is = $(CC) $(MUSL_CFLAGS)
build/$(SAN)/flags: is = $(HOSTCC) $(SAN_CFLAGS)
build/version: is = $(VERSION) $(EPOCH)
build/musl/flags build/$(SAN)/flags build/version: FORCE
	@mkdir -p $(@D)
	@echo '$(subst ','\'',$(is))' | cmp -s - $@ || echo '$(subst ','\'',$(is))' >$@

build/deps/src/version:
	@scripts/deps fetch
build/deps/musl/stamp: $(OWN) FORCE
	@scripts/deps build musl '$(CC)' $(SMALL)
build/deps/$(SAN)/stamp: $(OWN) FORCE
	@scripts/deps build $(SAN) '$(HOSTCC)' $(SANITIZE)

build/gen/advice.c build/gen/advice_examples.inc &: scripts/gen-advice scripts/pack $(sort $(wildcard core/know/*.txt))
	$(call start,GEN $@)
	$(Q)scripts/gen-advice core/know/*.txt >build/gen/advice.c
	$(Q)scripts/gen-advice --examples core/know/*.txt >build/gen/advice_examples.inc
build/gen/charsets.c build/gen/charsets.ld &: scripts/mkcharsets scripts/pack build/musl/flags
	$(call start,GEN $@)
	$(Q)scripts/mkcharsets build/gen $(CC)
build/gen/roots.c: scripts/mkroots scripts/pack $(OWN)
	$(call start,GEN $@)
	$(Q)scripts/mkroots $(CA_FILES) >$@
build/$(SAN)/tests/unit/test_advice.o build/$(SAN)/tests/unit/test_match.o: build/gen/advice_examples.inc

unit: $(UNIT)			## unit tests, with sanitizers
	@tests/lib/run unit $^
corpus: $(CORPUS)		## fuzz targets, once over their corpus
	@tests/lib/run corpus $^
cli: build/tests/dns		## command line tests
hostile:			## every applet against a server that breaks in every way
real:				## tests against real servers (as root)
cli hostile real: all build/tests/peer build/tests/tty
	@tests/lib/run $@ tests/$@
check:				## all of it, with the packages it needs; what CI runs
	+@scripts/check
fuzz:				## fuzz targets, FUZZ_S=60 seconds each (clang)
	+@scripts/fuzz $(FUZZ_S)
bench: all			## figures beside those of other programs
	@scripts/bench
lint: $(OBJ)			## layers, style, static analysis
	@scripts/lint
size: all			## bytes of each part of the binary, before LTO
	$(Q)$(LINK) -fno-lto -Wl,-Map=build/mtabox.map -o build/mtabox.parts
	@scripts/size build/mtabox.map
format:				## clang-format over all sources
	$(Q)clang-format -i $(wildcard core/*/*.[ch] applets/*.[ch] applets/*/*.[ch] tests/*/*.[ch])
install: all			## into DESTDIR, PREFIX=/usr/local
	install -D -m 755 build/mtabox '$(DESTDIR)$(PREFIX)/bin/mtabox'
	'$(DESTDIR)$(PREFIX)/bin/mtabox' --install -s '$(DESTDIR)$(PREFIX)/bin'
clean:				## all of build/ but what was downloaded
	$(Q)rm -rf build/[!ds]* build/san
help:				## this list
	@sed -n 's/^\([a-z]*\):[^#]*## \(.*\)/\1	\2/p' Makefile
FORCE:
.PHONY: all unit corpus cli hostile real check fuzz bench lint size format install clean help FORCE
.SECONDARY:
-include $(patsubst %.o,%.d,$(OBJ) $(SAN_OBJ) $(patsubst build/%,build/$(SAN)/%.o,$(UNIT) $(CORPUS)))
