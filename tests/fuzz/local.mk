# Fuzzers.  With --enable-fuzzing they are linked with a fuzzing engine, for
# `make fuzz'.  Otherwise replay.c gives them a main() that runs the files
# named on the command line: tests/fuzz.sh replays each fuzzer's seeds and all
# that ever made it crash, in tests/fuzz/corpus/NAME/.

fuzz_programs = \
	# end

check_PROGRAMS += $(fuzz_programs)
if RH_FUZZING
fuzz_main =
fuzz_ldflags = $(AM_LDFLAGS) $(LIB_FUZZING_ENGINE)
else
fuzz_main = %D%/replay.c
fuzz_ldflags = $(AM_LDFLAGS)
endif
fuzz_libs = lib/librheap-core.la
EXTRA_DIST += tests/fuzz.sh

.PHONY: fuzz
fuzz: $(fuzz_programs)
	$(script_environment) FUZZ_SECONDS='$(FUZZ_SECONDS)' \
	$(SHELL) $(top_srcdir)/tests/fuzz.sh --run
