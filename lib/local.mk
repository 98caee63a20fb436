# The chapters of the library, in reading order.  A file may include, and call
# into, only what stands above it; tests/floors.sh checks that.  One file per
# line.

# Part 0: arithmetic; no state, no calls.
librheap_chapters = \
	%D%/base.h \
	%D%/base.c \
	%D%/status.c \
	%D%/geometry.h \
	%D%/bits.h \
	%D%/ring.h \
	# end

# Part 1: memory from below.
librheap_chapters += \
	%D%/poison.h \
	%D%/lender.h \
	%D%/lender.c \
	%D%/os.h \
	%D%/os.c \
	%D%/pagemap.h \
	%D%/pagemap.c \
	%D%/meter.h \
	%D%/meter.c \
	%D%/event.h \
	%D%/event.c \
	# end

# Part 2: the page.
librheap_chapters += \
	%D%/region.h \
	%D%/region.c \
	%D%/page.h \
	%D%/page.c \
	%D%/contrast.h \
	# end

# Part 3: the space that pages make.
librheap_chapters += \
	%D%/space.h \
	%D%/space.c \
	%D%/mutator.h \
	%D%/mutator.c \
	%D%/external.h \
	%D%/external.c \
	# end

# Part 4: the collection.
librheap_chapters += \
	%D%/roots.h \
	%D%/roots.c \
	%D%/mark.h \
	%D%/drain.h \
	%D%/mark.c \
	%D%/thread.h \
	%D%/thread.c \
	%D%/stack.h \
	%D%/stack.c \
	%D%/barrier.h \
	%D%/barrier.c \
	%D%/index.h \
	%D%/index.c \
	%D%/word.h \
	%D%/word.c \
	%D%/roster.h \
	%D%/roster.c \
	%D%/waiting.h \
	%D%/waiting.c \
	%D%/refs.h \
	%D%/refs.c \
	%D%/pairs.h \
	%D%/pairs.c \
	%D%/weak.h \
	%D%/weak.c \
	%D%/finalize.h \
	%D%/finalize.c \
	%D%/identity.h \
	%D%/identity.c \
	%D%/place.h \
	%D%/place.c \
	%D%/site.h \
	%D%/site.c \
	%D%/sweep.h \
	%D%/sweep.c \
	%D%/seal.h \
	%D%/seal.c \
	%D%/forward.h \
	%D%/choice.h \
	%D%/choice.c \
	%D%/evacuate.h \
	%D%/evacuate.c \
	%D%/follow.h \
	%D%/follow.c \
	%D%/compact.h \
	%D%/compact.c \
	%D%/policy.c \
	%D%/trimmer.h \
	%D%/trimmer.c \
	%D%/trim.h \
	%D%/trim.c \
	%D%/growth.h \
	%D%/growth.c \
	%D%/settings.h \
	%D%/settings.c \
	%D%/environment.c \
	%D%/profile.h \
	%D%/profile.c \
	%D%/sharing.h \
	%D%/heap.h \
	%D%/reach.h \
	%D%/reach.c \
	%D%/afterlife.h \
	%D%/afterlife.c \
	%D%/minor.h \
	%D%/minor.c \
	%D%/major.h \
	%D%/major.c \
	%D%/cycle.h \
	%D%/cycle.c \
	# end

# Part 5: the mutator's door, and what can be asked.
librheap_chapters += \
	%D%/alloc.h \
	%D%/alloc.c \
	%D%/query.c \
	%D%/missed.h \
	%D%/missed.c \
	%D%/store.c \
	%D%/buffer.c \
	%D%/hold.c \
	%D%/hooks.c \
	%D%/know.h \
	%D%/know.c \
	%D%/weak_map.c \
	%D%/observe.c \
	%D%/stat.c \
	%D%/walk.c \
	%D%/blocks.h \
	%D%/blocks.c \
	%D%/osmap.c \
	%D%/count.c \
	%D%/verify.c \
	%D%/stress.c \
	%D%/tidy.c \
	%D%/sharing.c \
	%D%/fork.c \
	%D%/atfork.c \
	%D%/image.c \
	# end

# Part 6: Ruby-style objects on top of all this.
librheap_chapters += \
	%D%/object/layout.h \
	%D%/object/value.c \
	%D%/object/state.h \
	%D%/object/generic.h \
	%D%/object/generic.c \
	%D%/object/object.h \
	%D%/object/object.c \
	%D%/object/string.h \
	%D%/object/string.c \
	%D%/object/slice.c \
	%D%/object/encoding.c \
	%D%/object/list.h \
	%D%/object/list.c \
	%D%/object/ivar.c \
	%D%/object/class.c \
	%D%/object/array.c \
	%D%/object/struct.h \
	%D%/object/struct.c \
	%D%/object/number.c \
	%D%/object/symbol.c \
	%D%/object/table.h \
	%D%/object/table.c \
	%D%/object/hash.h \
	%D%/object/hash_type.c \
	%D%/object/hash.c \
	%D%/object/each.c \
	%D%/object/data.h \
	%D%/object/data.c \
	%D%/object/text.c \
	%D%/object/file.h \
	%D%/object/file.c \
	%D%/object/node.c \
	%D%/object/inside.h \
	%D%/object/inside.c \
	%D%/object/check.c \
	%D%/object/model.c \
	%D%/object/plan.h \
	%D%/object/plan.c \
	%D%/object/rebuild.c \
	%D%/object/json.h \
	%D%/object/json.c \
	%D%/object/dump.h \
	%D%/object/particulars.c \
	%D%/object/dump.c \
	# end

# Part 7: the front door.
librheap_chapters += \
	%D%/constants.c \
	%D%/api.c \
	# end

# Every chapter is compiled once, here.  White-box tests link this archive and
# so reach hidden functions; the installed library is made of the same objects.
noinst_LTLIBRARIES += %D%/librheap-core.la
%C%_librheap_core_la_SOURCES = $(librheap_chapters)

lib_LTLIBRARIES += %D%/librheap.la
%C%_librheap_la_SOURCES =
%C%_librheap_la_LIBADD = %D%/librheap-core.la
%C%_librheap_la_LDFLAGS = $(AM_LDFLAGS) -no-undefined \
	-version-info $(RH_LT_VERSION)
EXTRA_DIST += %D%/rheap.map
if HAVE_VERSION_SCRIPT
%C%_librheap_la_LDFLAGS += -Wl,--version-script=$(srcdir)/%D%/rheap.map
EXTRA_%C%_librheap_la_DEPENDENCIES = %D%/rheap.map
endif
pkgconfig_DATA = %D%/rheap.pc

# The same chapters on pages of 1 KB, for tests only: there a page fills up,
# empties and goes back within tens of allocations.
check_LTLIBRARIES += %D%/librheap-tiny.la
%C%_librheap_tiny_la_SOURCES = $(librheap_chapters)
%C%_librheap_tiny_la_CPPFLAGS = $(AM_CPPFLAGS) -DRH_TINY_PAGES

# And with marks where a forked child does not share them, to see that the tests
# which count its pages would notice: see contrast.h.
check_LTLIBRARIES += %D%/librheap-marks-page.la %D%/librheap-marks-slot.la
%C%_librheap_marks_page_la_SOURCES = $(librheap_chapters)
%C%_librheap_marks_page_la_CPPFLAGS = $(AM_CPPFLAGS) -DRHI_MARKS_IN_PAGE
%C%_librheap_marks_slot_la_SOURCES = $(librheap_chapters)
%C%_librheap_marks_slot_la_CPPFLAGS = $(AM_CPPFLAGS) -DRHI_MARKS_IN_SLOT
