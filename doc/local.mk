# Manual pages are installed where man finds them, the rest beside the README,
# in doc/, so that links between the pages work there, too.

dist_man_MANS += \
	# end

nobase_dist_doc_DATA = \
	# end
