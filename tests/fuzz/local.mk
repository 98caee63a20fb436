# Fuzzers.  With --enable-fuzzing they are linked with a fuzzing engine, for
# `make fuzz'.  Otherwise replay.c gives them a main() that runs the files
# named on the command line: tests/fuzz.sh replays each fuzzer's seeds and all
# that ever made it crash, in tests/fuzz/corpus/NAME/.

fuzz_programs = \
	%D%/fuzz_environment \
	%D%/fuzz_ops \
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

%C%_fuzz_environment_SOURCES = %D%/fuzz_environment.c $(fuzz_main)
%C%_fuzz_environment_LDFLAGS = $(fuzz_ldflags)
%C%_fuzz_environment_LDADD = $(fuzz_libs)
%C%_fuzz_ops_SOURCES = %D%/fuzz_ops.c $(fuzz_main)
%C%_fuzz_ops_LDFLAGS = $(fuzz_ldflags)
%C%_fuzz_ops_LDADD = $(fuzz_libs)
EXTRA_DIST += \
	%D%/seeds.sh \
	%D%/corpus/fuzz_environment/cruby \
	%D%/corpus/fuzz_environment/odd \
	%D%/corpus/fuzz_environment/ree \
	%D%/corpus/fuzz_ops/buffers \
	%D%/corpus/fuzz_ops/events \
	%D%/corpus/fuzz_ops/faults \
	%D%/corpus/fuzz_ops/generations \
	%D%/corpus/fuzz_ops/moods \
	%D%/corpus/fuzz_ops/nurseries \
	%D%/corpus/fuzz_ops/objects \
	%D%/corpus/fuzz_ops/old_faults \
	%D%/corpus/fuzz_ops/pages \
	%D%/corpus/fuzz_ops/scopes \
	%D%/corpus/fuzz_ops/steps \
	%D%/corpus/fuzz_ops/stillborn \
	%D%/corpus/fuzz_ops/stress \
	%D%/corpus/fuzz_ops/sweeping \
	# end

if RH_TOOLS
fuzz_programs += %D%/fuzz_replay
endif
%C%_fuzz_replay_SOURCES = %D%/fuzz_replay.c $(fuzz_main)
%C%_fuzz_replay_CPPFLAGS = $(AM_CPPFLAGS) -I$(top_srcdir)/tools
%C%_fuzz_replay_LDFLAGS = $(fuzz_ldflags)
%C%_fuzz_replay_LDADD = $(tools_libs)
EXTRA_DIST += \
	%D%/corpus/fuzz_replay/positions \
	%D%/corpus/fuzz_replay/since \
	%D%/corpus/fuzz_replay/sizes \
	%D%/corpus/fuzz_replay/types \
	# end

.PHONY: fuzz
fuzz: $(fuzz_programs)
	$(script_environment) FUZZ_SECONDS='$(FUZZ_SECONDS)' \
	$(SHELL) $(top_srcdir)/tests/fuzz.sh --run
