# Benchmarks are built and run on demand only:
#     make bench BENCH_FLAGS="--quick --tsv"
# One program per heap; those of the peers are built by bench.sh, with the same
# flags, as far as their libraries are installed.

bench_programs = \
	%D%/costs \
	%D%/experiments \
	%D%/heap_malloc \
	%D%/heap_rheap \
	%D%/heap_rheap_gen \
	%D%/heap_rheap_inc \
	%D%/heap_rheap_node \
	%D%/heap_rheap_node_gen \
	# end
EXTRA_PROGRAMS += $(bench_programs)
CLEANFILES += $(bench_programs)

bench_libs = lib/librheap.la
%C%_costs_LDADD = $(bench_libs)
%C%_experiments_LDADD = $(bench_libs)
%C%_heap_malloc_LDADD =
%C%_heap_rheap_LDADD = $(bench_libs)
%C%_heap_rheap_gen_SOURCES = %D%/heap_rheap.c
%C%_heap_rheap_gen_CPPFLAGS = $(AM_CPPFLAGS) -DGENERATIONAL
%C%_heap_rheap_gen_LDADD = $(bench_libs)
%C%_heap_rheap_inc_SOURCES = %D%/heap_rheap.c
%C%_heap_rheap_inc_CPPFLAGS = $(AM_CPPFLAGS) -DINCREMENTAL
%C%_heap_rheap_inc_LDADD = $(bench_libs)
%C%_heap_rheap_node_LDADD = $(bench_libs)
%C%_heap_rheap_node_gen_SOURCES = %D%/heap_rheap_node.c
%C%_heap_rheap_node_gen_CPPFLAGS = $(AM_CPPFLAGS) -DGENERATIONAL
%C%_heap_rheap_node_gen_LDADD = $(bench_libs)

EXTRA_DIST += \
	%D%/aging.h \
	%D%/bench.h \
	%D%/bench.sh \
	%D%/c_nodes.h \
	%D%/forest.h \
	%D%/heap_bdwgc.c \
	%D%/heap_cruby.c \
	%D%/heap_mruby.c \
	%D%/json_parsers.c \
	%D%/pauses.h \
	%D%/plain_scopes.h \
	%D%/rheap_vm.h \
	%D%/workloads.h \
	# end

.PHONY: bench
bench: all $(bench_programs)
	top_srcdir='$(abs_top_srcdir)' top_builddir='$(abs_top_builddir)' \
	CC='$(CC)' CFLAGS='$(CFLAGS)' AWK='$(AWK)' PKG_CONFIG='$(PKG_CONFIG)' \
	$(SHELL) $(srcdir)/%D%/bench.sh $(BENCH_FLAGS)
