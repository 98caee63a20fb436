# Tests: programs and scripts; tests/README says how to add one.  The same
# programs on tiny pages are in tiny.mk.

# --- C programs (cmocka), each case its own PASS or FAIL line ---------------

# White box: linked with the chapters themselves, so hidden functions are in
# reach.  The default source of tests/test_x is tests/test_x.c.
white_box_tests = \
	%D%/test_barrier \
	%D%/test_bits \
	%D%/test_compact \
	%D%/test_finalizer \
	%D%/test_dump \
	%D%/test_generic \
	%D%/test_geometry \
	%D%/test_identity \
	%D%/test_index \
	%D%/test_major \
	%D%/test_mark \
	%D%/test_meter \
	%D%/test_minor \
	%D%/test_model \
	%D%/test_models \
	%D%/test_moving \
	%D%/test_mutator \
	%D%/test_page \
	%D%/test_place \
	%D%/test_profile \
	%D%/test_region \
	%D%/test_ring \
	%D%/test_scatter \
	%D%/test_seal \
	%D%/test_site \
	%D%/test_space \
	%D%/test_stack \
	%D%/test_stress \
	%D%/test_sweep \
	%D%/test_table \
	%D%/test_thread \
	%D%/test_verify \
	%D%/test_weak \
	# end

# Black box: what a program that uses the installed library can see.
black_box_tests = \
	%D%/mix_test \
	%D%/model_test \
	%D%/test_array \
	%D%/test_collection \
	%D%/test_config \
	%D%/test_constants \
	%D%/test_count \
	%D%/test_cruby \
	%D%/test_environment \
	%D%/test_event \
	%D%/test_external \
	%D%/test_growth \
	%D%/test_hash \
	%D%/test_heap \
	%D%/test_image \
	%D%/test_locale \
	%D%/test_misuse \
	%D%/test_policy \
	%D%/test_rebuild \
	%D%/test_roots \
	%D%/test_stat \
	%D%/test_string \
	%D%/test_threads \
	%D%/test_trim \
	%D%/test_trimmer \
	%D%/test_types \
	%D%/test_value \
	%D%/test_walk \
	# end

# What check-valgrind and the arm64 build run, too; and what is too slow there
# (or, test_os, limits an address space that an emulator does not own).
unit_tests = $(white_box_tests) $(tiny_page_tests) $(black_box_tests)

slow_tests = \
	%D%/oom_test \
	%D%/marks_in_page \
	%D%/marks_in_slot \
	%D%/test_deep \
	%D%/test_marks \
	%D%/test_os \
	%D%/test_pagemap \
	%D%/test_sharing \
	%D%/tiny_major \
	%D%/tiny_oom_test \
	# end

# Programs that must fail under asan and valgrind; canary.sh runs them.
canary_programs = \
	%D%/canary/healthy \
	%D%/canary/leak \
	%D%/canary/overflow \
	%D%/canary/use_after_free \
	%D%/canary/use_after_move \
	# end

# Not a test, but what draws for osmap_draw.sh and osmap_page.sh.
if RH_TOOLS
check_PROGRAMS += %D%/osmap_draw
endif
%C%_osmap_draw_CPPFLAGS = $(tools_cppflags)
%C%_osmap_draw_CFLAGS = $(AM_CFLAGS) $(TOOLS_CFLAGS)
%C%_osmap_draw_LDADD = $(tools_libs)

# Not a test, but what dump_readers.sh reads.
dump_programs = %D%/traced_dump

if RH_TESTS
check_PROGRAMS += $(unit_tests) $(slow_tests) $(canary_programs) \
	$(dump_programs)
check_LIBRARIES += %D%/libcheck.a
TESTS += $(unit_tests) $(slow_tests)
endif

# Snapshots of malloc's memory: these need the rheap command's own parts.
osmap_tests = %D%/test_osmap %D%/test_osmap_table
if RH_TESTS
if RH_TOOLS
check_PROGRAMS += $(osmap_tests)
TESTS += $(osmap_tests)
endif
endif
osmap_cppflags = $(AM_CPPFLAGS) -I$(top_srcdir)/tools
%C%_test_osmap_CPPFLAGS = $(osmap_cppflags)
%C%_test_osmap_LDADD = tools/librheap-tools.a $(black_box_libs) $(TOOLS_LIBS)
%C%_test_osmap_table_SOURCES = %D%/test_osmap_table.c tools/osmap/table.c
%C%_test_osmap_table_CPPFLAGS = $(osmap_cppflags)
%C%_test_osmap_table_LDADD = $(CMOCKA_LIBS) -lpthread

# Not a test, but what osmap.sh records; needs no cmocka.
check_PROGRAMS += %D%/osmap_churn
%C%_osmap_churn_LDADD = -lpthread

# Not a test, but who talks to the server in prefork.sh; needs no cmocka.
check_PROGRAMS += %D%/http_client
%C%_http_client_LDADD =

AM_CPPFLAGS += $(CMOCKA_CFLAGS)
%C%_libcheck_a_SOURCES = \
	%D%/check.c \
	%D%/check.h \
	%D%/family.c \
	%D%/family.h \
	%D%/minor.h \
	%D%/hidden.c \
	%D%/hidden.h \
	%D%/objects.c \
	%D%/objects.h \
	# end
LDADD = %D%/libcheck.a lib/librheap-core.la $(CMOCKA_LIBS)
black_box_libs = %D%/libcheck.a lib/librheap.la $(CMOCKA_LIBS)

# Black box, one by one.
%C%_mix_test_LDADD = $(black_box_libs)
%C%_model_test_LDADD = $(black_box_libs)
%C%_oom_test_LDADD = $(black_box_libs)
%C%_test_array_LDADD = $(black_box_libs)
%C%_test_collection_LDADD = $(black_box_libs)
%C%_test_config_LDADD = $(black_box_libs)
%C%_test_constants_LDADD = $(black_box_libs)
%C%_test_count_LDADD = $(black_box_libs)
%C%_test_cruby_LDADD = $(black_box_libs)
%C%_test_deep_LDADD = $(black_box_libs)
%C%_test_environment_LDADD = $(black_box_libs)
%C%_test_event_LDADD = $(black_box_libs)
%C%_test_external_LDADD = $(black_box_libs)
%C%_test_growth_LDADD = $(black_box_libs)
%C%_test_hash_LDADD = $(black_box_libs)
%C%_test_heap_LDADD = $(black_box_libs)
%C%_test_image_LDADD = $(black_box_libs)
%C%_test_locale_LDADD = $(black_box_libs)
%C%_test_misuse_LDADD = $(black_box_libs)
%C%_test_policy_LDADD = $(black_box_libs)
%C%_test_rebuild_LDADD = $(black_box_libs)
%C%_test_roots_LDADD = $(black_box_libs)
%C%_test_stat_LDADD = $(black_box_libs)
%C%_test_string_LDADD = $(black_box_libs)
%C%_test_threads_LDADD = $(black_box_libs)
%C%_test_trim_LDADD = $(black_box_libs)
%C%_test_trimmer_LDADD = $(black_box_libs)
%C%_test_types_LDADD = $(black_box_libs)
%C%_test_value_LDADD = $(black_box_libs)
%C%_test_walk_LDADD = $(black_box_libs)
%C%_traced_dump_LDADD = $(black_box_libs)

# The same source with three libraries, two of which must be found out.
%C%_test_marks_LDADD = $(LDADD)
%C%_marks_in_page_SOURCES = %D%/test_marks.c
%C%_marks_in_page_CPPFLAGS = $(AM_CPPFLAGS) -DRHI_MARKS_IN_PAGE
%C%_marks_in_page_LDADD = %D%/libcheck.a lib/librheap-marks-page.la \
	$(CMOCKA_LIBS)
%C%_marks_in_slot_SOURCES = %D%/test_marks.c
%C%_marks_in_slot_CPPFLAGS = $(AM_CPPFLAGS) -DRHI_MARKS_IN_SLOT
%C%_marks_in_slot_LDADD = %D%/libcheck.a lib/librheap-marks-slot.la \
	$(CMOCKA_LIBS)

# Canaries: linked like white-box tests, so that no wrapper script comes
# between the tool and the program.
%C%_canary_healthy_SOURCES = %D%/canary/healthy.c %D%/canary/canary.h
%C%_canary_healthy_LDADD = lib/librheap-core.la
%C%_canary_leak_SOURCES = %D%/canary/leak.c %D%/canary/canary.h
%C%_canary_leak_LDADD = lib/librheap-core.la
%C%_canary_overflow_SOURCES = %D%/canary/overflow.c %D%/canary/canary.h
%C%_canary_overflow_LDADD = lib/librheap-core.la
%C%_canary_use_after_free_SOURCES = %D%/canary/use_after_free.c %D%/canary/canary.h
%C%_canary_use_after_free_LDADD = lib/librheap-core.la
%C%_canary_use_after_move_SOURCES = %D%/canary/use_after_move.c %D%/canary/canary.h
%C%_canary_use_after_move_LDADD = lib/librheap-core.la

# --- scripts ----------------------------------------------------------------

test_scripts = \
	%D%/canary.sh \
	%D%/command.sh \
	%D%/cruby_tests.sh \
	%D%/docs.sh \
	%D%/dump_readers.sh \
	%D%/examples.sh \
	%D%/exports.sh \
	%D%/floors.sh \
	%D%/fork.sh \
	%D%/format.sh \
	%D%/fuzz.sh \
	%D%/headers.sh \
	%D%/invariants.sh \
	%D%/lisp.sh \
	%D%/man.sh \
	%D%/map.sh \
	%D%/osmap.sh \
	%D%/osmap_draw.sh \
	%D%/osmap_page.sh \
	%D%/prefork.sh \
	%D%/prototypes.sh \
	%D%/purity.sh \
	%D%/replay.sh \
	%D%/replay_bad.sh \
	%D%/replay_fresh.sh \
	%D%/replay_large.sh \
	%D%/report.sh \
	%D%/safepoints.sh \
	%D%/trim.sh \
	%D%/tune.sh \
	# end
TESTS += $(test_scripts)

# Heap dumps of real Ruby processes, and whatever else tests read.
EXTRA_DIST += \
	%D%/data/ruby-27-full.json.gz \
	%D%/data/ruby-27-full.stat \
	%D%/data/ruby-27.json.gz \
	%D%/data/ruby-27.stat \
	%D%/data/ruby-31-full.json.gz \
	%D%/data/ruby-31-full.stat \
	%D%/data/ruby-31.json.gz \
	%D%/data/ruby-31.stat \
	%D%/data/ruby-34-full.json.gz \
	%D%/data/ruby-34-full.stat \
	%D%/data/ruby-34.json.gz \
	%D%/data/ruby-34.stat \
	%D%/data/ruby-40-full.json.gz \
	%D%/data/ruby-40-full.stat \
	%D%/data/ruby-40.json.gz \
	%D%/data/ruby-40.stat \
	# end

EXTRA_DIST += $(test_scripts) \
	%D%/README \
	%D%/bad_dumps.sh \
	%D%/common.sh \
	%D%/coverage.sh \
	%D%/fresh_dump.rb \
	%D%/installcheck.sh \
	%D%/osmap_page.js \
	%D%/replay_fidelity.rb \
	%D%/replay_oracle.rb \
	%D%/scale_dump.rb \
	%D%/tool.sh \
	%D%/valgrind.supp \
	# end

# --- how they are run -------------------------------------------------------

TEST_EXTENSIONS = .sh
SH_LOG_COMPILER = $(SHELL)
LOG_DRIVER = env AM_TAP_AWK='$(AWK)' $(SHELL) \
	$(top_srcdir)/build-aux/tap-driver.sh
EXTRA_DIST += build-aux/tap-driver.sh

# What scripts need to know.  cmocka catches SIGSEGV, which would hide the
# report of AddressSanitizer: allow_user_segv_handler.
script_environment = \
	top_srcdir='$(abs_top_srcdir)' top_builddir='$(abs_top_builddir)' \
	CC='$(CC)' CXX='$(CXX)' NM='$(NM)' OBJDUMP='$(OBJDUMP)' \
	AWK='$(AWK)' SAN_CFLAGS='$(RH_SAN_CFLAGS)' \
	VALGRIND='$(VALGRIND)' EXAMPLES='$(example_programs)' \
	CANARIES='$(canary_programs)' FUZZERS='$(fuzz_programs)'
AM_TESTS_ENVIRONMENT = \
	CMOCKA_MESSAGE_OUTPUT=TAP; \
	ASAN_OPTIONS=allow_user_segv_handler=0:detect_leaks=1; \
	UBSAN_OPTIONS=print_stacktrace=1; \
	export CMOCKA_MESSAGE_OUTPUT ASAN_OPTIONS UBSAN_OPTIONS; \
	export $(script_environment);

# The C programs alone, for builds that run them in an unusual way: in an
# emulator, with LOG_COMPILER.
.PHONY: check-unit
check-unit:
	$(MAKE) $(AM_MAKEFLAGS) check TESTS='$(unit_tests)'

# Random operations against a model, for a few minutes; RH_SEED repeats a run.
LONG_STEPS = 300000
.PHONY: check-long
check-long:
	RH_STEPS='$(LONG_STEPS)' $(MAKE) $(AM_MAKEFLAGS) check \
		TESTS='%D%/model_test %D%/tiny_model_test'

@VALGRIND_CHECK_RULES@
VALGRIND_FLAGS = --quiet --num-callers=30
VALGRIND_memcheck_FLAGS = --leak-check=full \
	--errors-for-leak-kinds=definite,possible
VALGRIND_SUPPRESSIONS_FILES = $(srcdir)/%D%/valgrind.supp

installcheck-local:
	$(script_environment) DESTDIR='$(DESTDIR)' \
	libdir='$(libdir)' docdir='$(docdir)' pkgconfigdir='$(pkgconfigdir)' \
	$(SHELL) $(srcdir)/%D%/installcheck.sh

.PHONY: check-coverage
check-coverage: check
	$(script_environment) $(SHELL) $(srcdir)/%D%/coverage.sh
