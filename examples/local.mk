# Numbered programs, read in order.  Each comes with the output it must print
# (and, if it wants one, with its argument, a file in this directory, in .args);
# tests/examples.sh compares.  They are installed with a Makefile that builds
# them against the installed library.

example_programs = \
	%D%/01-hello-heap \
	%D%/02-roots \
	%D%/03-external-data \
	%D%/04-write-barriers \
	%D%/05-weak-and-finalizers \
	%D%/06-compaction \
	%D%/07-lisp \
	%D%/09-trim-policy \
	# end
noinst_PROGRAMS += $(example_programs)
example_libs = lib/librheap.la
%C%_01_hello_heap_LDADD = $(example_libs)
%C%_02_roots_LDADD = $(example_libs)
%C%_03_external_data_LDADD = $(example_libs)
%C%_04_write_barriers_LDADD = $(example_libs)
%C%_05_weak_and_finalizers_LDADD = $(example_libs)
%C%_06_compaction_LDADD = $(example_libs)
%C%_09_trim_policy_LDADD = $(example_libs)

# An interpreter has more than one source.  It sees the public headers only.
lisp_sources = \
	%D%/lisp/builtins.c \
	%D%/lisp/compiler.c \
	%D%/lisp/errors.c \
	%D%/lisp/evaluator.c \
	%D%/lisp/files.c \
	%D%/lisp/lisp.h \
	%D%/lisp/memory.c \
	%D%/lisp/numbers.c \
	%D%/lisp/prelude.c \
	%D%/lisp/printer.c \
	%D%/lisp/reader.c \
	%D%/lisp/repl.c \
	# end
%C%_07_lisp_SOURCES = %D%/07-lisp.c $(lisp_sources)
%C%_07_lisp_CPPFLAGS = -I$(top_srcdir)/include -I$(top_builddir)/include
%C%_07_lisp_CFLAGS = $(AM_CFLAGS) $(LIBEDIT_CFLAGS)
%C%_07_lisp_LDADD = $(example_libs) $(LIBEDIT_LIBS) -lm

# A server prints no output that could be compared: tests/prefork.sh talks to it.
prefork_sources = \
	%D%/prefork/buffers.c \
	%D%/prefork/http.c \
	%D%/prefork/load.c \
	%D%/prefork/options.c \
	%D%/prefork/page.c \
	%D%/prefork/prefork.h \
	# end
noinst_PROGRAMS += %D%/08-prefork-server
%C%_08_prefork_server_SOURCES = %D%/08-prefork-server.c $(prefork_sources)
%C%_08_prefork_server_CPPFLAGS = -I$(top_srcdir)/include \
	-I$(top_builddir)/include
%C%_08_prefork_server_LDADD = $(example_libs)

example_outputs = $(example_programs:=.out)
exampledir = $(docdir)/examples
dist_example_DATA = \
	$(example_programs:=.c) \
	$(example_outputs) \
	%D%/08-prefork-server.c \
	%D%/07-lisp.args \
	%D%/Makefile \
	%D%/README
preforkexampledir = $(exampledir)/prefork
dist_preforkexample_DATA = $(prefork_sources)
lispexampledir = $(exampledir)/lisp
dist_lispexample_DATA = $(lisp_sources) \
	%D%/lisp/gcbench.lisp \
	%D%/lisp/language.lisp \
	%D%/lisp/nqueens.lisp \
	%D%/lisp/tak.lisp \
	# end

# GNU make would otherwise copy each program over its expected output: it knows
# how to make "x.out" from "x".
$(example_outputs): ;
