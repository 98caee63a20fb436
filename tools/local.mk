# The rheap command: a program like any other that uses librheap, so it sees
# the public headers only.

if RH_TOOLS
EXTRA_PROGRAMS += %D%/rheap
endif
%C%_rheap_SOURCES = \
	# end
%C%_rheap_CPPFLAGS = -I$(top_srcdir)/include -I$(top_builddir)/include
%C%_rheap_CFLAGS = $(AM_CFLAGS) $(TOOLS_CFLAGS)
%C%_rheap_LDADD = lib/librheap.la $(TOOLS_LIBS) -lm
