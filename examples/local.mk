# Numbered programs, read in order.  Each comes with the output it must print;
# tests/examples.sh compares.  They are installed with a Makefile that builds
# them against the installed library.

example_programs = \
	%D%/01-hello-heap \
	%D%/02-roots \
	%D%/03-external-data \
	%D%/04-write-barriers \
	# end
noinst_PROGRAMS += $(example_programs)
example_libs = lib/librheap.la
%C%_01_hello_heap_LDADD = $(example_libs)
%C%_02_roots_LDADD = $(example_libs)
%C%_03_external_data_LDADD = $(example_libs)
%C%_04_write_barriers_LDADD = $(example_libs)

example_outputs = $(example_programs:=.out)
exampledir = $(docdir)/examples
dist_example_DATA = \
	$(example_programs:=.c) \
	$(example_outputs) \
	%D%/Makefile \
	%D%/README

# GNU make would otherwise copy each program over its expected output: it knows
# how to make "x.out" from "x".
$(example_outputs): ;
