# Manual pages are installed where man finds them, the rest beside the README,
# in doc/, so that links between the pages work there, too.

dist_man_MANS += \
	# end

nobase_dist_doc_DATA = \
	%D%/design/01-layout-and-planes.md \
	%D%/design/02-free-runs-and-supply.md \
	%D%/design/03-release.md \
	%D%/design/04-tiny-pages.md \
	%D%/design/05-errors-and-panic.md \
	%D%/design/06-no-global-state.md \
	%D%/glossary.md \
	%D%/pictures/freelist.svg \
	%D%/pictures/lists.svg \
	%D%/pictures/page.svg \
	%D%/pictures/region.svg \
	%D%/pictures/slabs-and-slots.svg \
	%D%/tour.md \
	# end
