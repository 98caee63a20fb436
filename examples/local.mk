# Numbered programs, read in order.  Each comes with the output it must print;
# tests/examples.sh compares.  They are installed with a Makefile that builds
# them against the installed library.

example_programs = \
	# end
noinst_PROGRAMS += $(example_programs)
example_libs = lib/librheap.la

example_outputs = $(example_programs:=.out)
exampledir = $(docdir)/examples
dist_example_DATA = \
	$(example_programs:=.c) \
	$(example_outputs) \
	%D%/Makefile

# GNU make would otherwise copy each program over its expected output: it knows
# how to make "x.out" from "x".
$(example_outputs): ;
