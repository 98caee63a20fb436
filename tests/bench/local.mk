# Benchmarks are built and run on demand only:
#     make bench BENCH_FLAGS="--quick --tsv"

bench_programs = \
	# end
EXTRA_PROGRAMS += $(bench_programs)

.PHONY: bench
bench: $(bench_programs)
	top_srcdir='$(abs_top_srcdir)' top_builddir='$(abs_top_builddir)' \
	CC='$(CC)' $(SHELL) $(srcdir)/%D%/bench.sh $(BENCH_FLAGS)
