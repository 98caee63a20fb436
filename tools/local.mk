# The rheap command: a program like any other that uses librheap, so it sees
# the public headers only.  All but its main() is an archive, for tests.

if RH_TOOLS
bin_PROGRAMS += %D%/rheap
noinst_LIBRARIES += %D%/librheap-tools.a
endif

# Preloaded into programs by `rheap osmap'.  It brings neither sanitizers nor
# the library along.
if RH_TOOLS
pkglib_LTLIBRARIES += %D%/rheap-osmap.la
endif
%C%_rheap_osmap_la_CPPFLAGS = $(tools_cppflags)
%C%_rheap_osmap_la_CFLAGS = $(RH_CFLAGS)
%C%_rheap_osmap_la_LDFLAGS = -module -shared -avoid-version -no-undefined
%C%_rheap_osmap_la_SOURCES = \
	%D%/osmap/arenas.c \
	%D%/osmap/arenas.h \
	%D%/osmap/capture.c \
	%D%/osmap/capture.h \
	%D%/osmap/capture_areas.c \
	%D%/osmap/capture_base.c \
	%D%/osmap/capture_blocks.c \
	%D%/osmap/capture_pages.c \
	%D%/osmap/maps.c \
	%D%/osmap/maps.h \
	%D%/osmap/recorder.c \
	%D%/osmap/recording.h \
	%D%/osmap/table.c \
	%D%/osmap/table.h \
	%D%/osmap/write.c \
	%D%/osmap/write.h \
	# end

tools_cppflags = -I$(top_srcdir)/include -I$(top_builddir)/include \
	-I$(top_srcdir)/tools
tools_libs = %D%/librheap-tools.a lib/librheap.la $(TOOLS_LIBS) -lm

%C%_rheap_SOURCES = %D%/rheap.c
%C%_rheap_CPPFLAGS = $(tools_cppflags)
%C%_rheap_CFLAGS = $(AM_CFLAGS) $(TOOLS_CFLAGS)
%C%_rheap_LDADD = $(tools_libs)

%C%_librheap_tools_a_CPPFLAGS = $(tools_cppflags) \
	-DPKGLIBDIR='"$(pkglibdir)"' \
	-DTOOLS_DATA_DIR='"$(pkgdatadir)/"' \
	-DTOOLS_PROGRAM_DIR='"$(pkglibexecdir)/"'
%C%_librheap_tools_a_CFLAGS = $(AM_CFLAGS) $(TOOLS_CFLAGS)
%C%_librheap_tools_a_SOURCES = \
	%D%/attributes.h \
	%D%/buffer.c \
	%D%/buffer.h \
	%D%/chart.c \
	%D%/chart.h \
	%D%/chart_png.c \
	%D%/chart_svg.c \
	%D%/clock.c \
	%D%/clock.h \
	%D%/command.c \
	%D%/command.h \
	%D%/constants.c \
	%D%/dump_layout.c \
	%D%/dump_layout.h \
	%D%/dump_line.c \
	%D%/dump_line.h \
	%D%/dump_load.c \
	%D%/dump_load.h \
	%D%/dump_reader.c \
	%D%/dump_reader.h \
	%D%/dump_rebuild.c \
	%D%/dump_rebuild.h \
	%D%/dump_record.c \
	%D%/dump_record.h \
	%D%/dump_store.c \
	%D%/dump_store.h \
	%D%/dump_type.c \
	%D%/dump_type.h \
	%D%/dump_value.c \
	%D%/dump_value.h \
	%D%/figures.c \
	%D%/figures.h \
	%D%/fork.c \
	%D%/fork_lab.c \
	%D%/fork_lab.h \
	%D%/fork_live.c \
	%D%/fork_live.h \
	%D%/fork_marks.c \
	%D%/fork_marks.h \
	%D%/fork_peer.c \
	%D%/fork_peer.h \
	%D%/fork_plan.c \
	%D%/fork_plan.h \
	%D%/fork_reader.c \
	%D%/fork_reader.h \
	%D%/fork_report.c \
	%D%/fork_report.h \
	%D%/fork_row.c \
	%D%/fork_row.h \
	%D%/fork_step.c \
	%D%/fork_step.h \
	%D%/heap_picture.c \
	%D%/heap_picture.h \
	%D%/heap_picture_svg.c \
	%D%/heap_picture_text.c \
	%D%/input.c \
	%D%/input.h \
	%D%/json.c \
	%D%/json.h \
	%D%/map.c \
	%D%/osmap.c \
	%D%/osmap/compare.c \
	%D%/osmap/compare.h \
	%D%/osmap/draw.h \
	%D%/osmap/html.c \
	%D%/osmap/pack.c \
	%D%/osmap/pack.h \
	%D%/osmap/page_text.h \
	%D%/osmap/paint.c \
	%D%/osmap/paint.h \
	%D%/osmap/png.c \
	%D%/osmap/print.c \
	%D%/osmap/print.h \
	%D%/osmap/print_json.c \
	%D%/osmap/read.c \
	%D%/osmap/run.c \
	%D%/osmap/run.h \
	%D%/osmap/sample.c \
	%D%/osmap/snapshot.h \
	%D%/osmap/strip.c \
	%D%/osmap/strip.h \
	%D%/osmap/suits.c \
	%D%/osmap/suits.h \
	%D%/osmap/write.c \
	%D%/osmap/write.h \
	%D%/output.c \
	%D%/output.h \
	%D%/page_picture.c \
	%D%/page_picture.h \
	%D%/page_picture_svg.c \
	%D%/page_picture_text.c \
	%D%/place.c \
	%D%/place.h \
	%D%/progress.c \
	%D%/progress.h \
	%D%/raster.c \
	%D%/raster.h \
	%D%/raster_letters.c \
	%D%/raster_letters.h \
	%D%/record.c \
	%D%/record.h \
	%D%/replay.c \
	%D%/report.c \
	%D%/report.h \
	%D%/report_json.c \
	%D%/say.c \
	%D%/say.h \
	%D%/scrap.c \
	%D%/scrap.h \
	%D%/svg.c \
	%D%/svg.h \
	%D%/synthetic.c \
	%D%/synthetic.h \
	%D%/tape.c \
	%D%/tape.h \
	%D%/terminal.c \
	%D%/terminal.h \
	%D%/text.c \
	%D%/text.h \
	%D%/time_chart.c \
	%D%/time_chart.h \
	%D%/trim.c \
	%D%/trim_load.c \
	%D%/trim_load.h \
	%D%/trim_plan.c \
	%D%/trim_plan.h \
	%D%/trim_report.c \
	%D%/trim_report.h \
	%D%/trim_row.c \
	%D%/trim_row.h \
	%D%/trim_run.c \
	%D%/trim_run.h \
	%D%/trim_threads.c \
	%D%/trim_threads.h \
	%D%/tune.c \
	%D%/tune_plan.c \
	%D%/tune_plan.h \
	%D%/tune_record.c \
	%D%/tune_record.h \
	%D%/tune_rule.c \
	%D%/tune_rule.h \
	%D%/tune_run.c \
	%D%/tune_run.h \
	%D%/words.c \
	%D%/words.h \
	# end

# The HTML page of `rheap osmap', as a table of its lines.
page_sources = \
	%D%/osmap/page.html \
	%D%/osmap/page.css \
	%D%/osmap/decode.js \
	%D%/osmap/snapshot.js \
	%D%/osmap/layout.js \
	%D%/osmap/text.js \
	%D%/osmap/paint.js \
	%D%/osmap/pane.js \
	%D%/osmap/panel.js \
	%D%/osmap/page.js \
	# end
page_generator = %D%/osmap/embed.awk

nodist_%C%_librheap_tools_a_SOURCES = %D%/osmap/page_text.c
%D%/osmap/page_text.c: $(page_sources) $(page_generator)
	$(AM_V_GEN)$(MKDIR_P) %D%/osmap && \
	$(AWK) -f $(srcdir)/$(page_generator) $(srcdir)/%D%/osmap/page.html \
		>$@.new && mv $@.new $@
CLEANFILES += %D%/osmap/page_text.c %D%/osmap/page_text.c.new
EXTRA_DIST += $(page_sources) $(page_generator)

# What `rheap fork --compare' has other interpreters run.
dist_pkgdata_DATA += \
	%D%/fork_compare.py \
	%D%/fork_compare.rb \
	# end

# The same program with the mark bits where Ruby once had them, for `rheap fork
# --marks': variants of the library that are never installed, so these have all
# of it in themselves.
if RH_TOOLS
pkglibexec_PROGRAMS += \
	%D%/rheap-marks-page \
	%D%/rheap-marks-slot \
	# end
endif

%C%_rheap_marks_page_SOURCES = %D%/rheap.c
%C%_rheap_marks_page_CPPFLAGS = $(tools_cppflags) -DRHEAP_MARKS='"page"'
%C%_rheap_marks_page_CFLAGS = $(AM_CFLAGS) $(TOOLS_CFLAGS)
%C%_rheap_marks_page_LDADD = %D%/librheap-tools.a lib/librheap-marks-page.la \
	$(TOOLS_LIBS) -lm

%C%_rheap_marks_slot_SOURCES = %D%/rheap.c
%C%_rheap_marks_slot_CPPFLAGS = $(tools_cppflags) -DRHEAP_MARKS='"slot"'
%C%_rheap_marks_slot_CFLAGS = $(AM_CFLAGS) $(TOOLS_CFLAGS)
%C%_rheap_marks_slot_LDADD = %D%/librheap-tools.a lib/librheap-marks-slot.la \
	$(TOOLS_LIBS) -lm

# What `rheap trim --compare' has Ruby run.
dist_pkgdata_DATA += \
	%D%/trim_compare.rb \
	# end
