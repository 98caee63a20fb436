# Three kinds of tests; tests/README says how to add one.

# --- C programs (cmocka), each case its own PASS or FAIL line ---------------

# White box: linked with the chapters themselves, so hidden functions are in
# reach.  The default source of tests/test_x is tests/test_x.c.
white_box_tests = \
	# end

# The same sources on pages of 1 KB.
tiny_page_tests = \
	# end

# Black box: what a program that uses the installed library can see.
black_box_tests = \
	# end

# What check-valgrind and the arm64 build run, too; and what is too slow there.
unit_tests = $(white_box_tests) $(tiny_page_tests) $(black_box_tests)

slow_tests = \
	# end

# Programs that must fail under asan and valgrind; canary.sh runs them.
canary_programs = \
	# end

if RH_TESTS
check_PROGRAMS += $(unit_tests) $(slow_tests) $(canary_programs)
TESTS += $(unit_tests) $(slow_tests)
endif

AM_CPPFLAGS += $(CMOCKA_CFLAGS)
LDADD = lib/librheap-core.la $(CMOCKA_LIBS)
black_box_libs = lib/librheap.la $(CMOCKA_LIBS)
tiny_page_libs = lib/librheap-tiny.la $(CMOCKA_LIBS)
tiny_page_cppflags = $(AM_CPPFLAGS) -DRH_TINY_PAGES

# --- scripts ----------------------------------------------------------------

test_scripts = \
	%D%/canary.sh \
	%D%/docs.sh \
	%D%/examples.sh \
	%D%/exports.sh \
	%D%/floors.sh \
	%D%/format.sh \
	%D%/headers.sh \
	%D%/invariants.sh \
	%D%/man.sh \
	%D%/purity.sh \
	%D%/safepoints.sh \
	# end
TESTS += $(test_scripts)

# Heap dumps of real Ruby processes, and whatever else tests read.
EXTRA_DIST += \
	# end

EXTRA_DIST += $(test_scripts) \
	%D%/README \
	%D%/common.sh \
	%D%/coverage.sh \
	%D%/installcheck.sh \
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
	RHEAP='$(rheap_command)' VALGRIND='$(VALGRIND)' \
	EXAMPLES='$(example_programs)' CANARIES='$(canary_programs)' \
	FUZZERS='$(fuzz_programs)'
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

@VALGRIND_CHECK_RULES@
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
