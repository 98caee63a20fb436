# Benchmarks are built and run on demand only:
#     make bench BENCH_FLAGS="--quick --tsv"
# One program per heap; those of the peers are built by bench.sh, with the same
# flags, as far as their libraries are installed.

bench_programs = \
	%D%/costs \
	%D%/experiments \
	%D%/heap_malloc \
	%D%/heap_rheap \
	%D%/heap_rheap_node \
	# end
EXTRA_PROGRAMS += $(bench_programs)
CLEANFILES += $(bench_programs)

bench_libs = lib/librheap.la
%C%_costs_LDADD = $(bench_libs)
%C%_experiments_LDADD = $(bench_libs)
%C%_heap_malloc_LDADD =
%C%_heap_rheap_LDADD = $(bench_libs)
%C%_heap_rheap_node_LDADD = $(bench_libs)

EXTRA_DIST += \
	%D%/bench.h \
	%D%/bench.sh \
	%D%/c_nodes.h \
	%D%/heap_bdwgc.c \
	%D%/heap_cruby.c \
	%D%/heap_mruby.c \
	%D%/json_parsers.c \
	%D%/no_finalizers.h \
	%D%/plain_scopes.h \
	%D%/rheap_vm.h \
	%D%/workloads.h \
	# end

.PHONY: bench
bench: all $(bench_programs)
	top_srcdir='$(abs_top_srcdir)' top_builddir='$(abs_top_builddir)' \
	CC='$(CC)' CFLAGS='$(CFLAGS)' AWK='$(AWK)' PKG_CONFIG='$(PKG_CONFIG)' \
	$(SHELL) $(srcdir)/%D%/bench.sh $(BENCH_FLAGS)
