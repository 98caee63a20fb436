// SPDX-License-Identifier: MIT
/*
 * tune_rule - the rules by which a heap grows, and the knobs that they have.
 *
 * A rule is a growth policy of the library under its name, or "article": what
 * the article "Fine tuning your garbage collector" computes, which is no
 * Ruby's rule.  A knob is a field of struct rh_config under the name of an
 * option; its value is read by rh_config_from_environment(), so that it means
 * what the variable would mean.
 */
#ifndef TOOLS_TUNE_RULE_H
#define TOOLS_TUNE_RULE_H

#include <rheap/config.h>

// The heap after the third is growth_factor times all slots so far.
void tune_article_policy(const struct rh_growth_view *view,
                         struct rh_growth_answer *answer);

// The config of a rule, before any knob.  False: there is no such rule.
bool tune_rule_init(struct rh_config *config, const char *rule);

struct tune_knob {
    const char *option;   // such as "min-slots"
    const char *variable; // CRuby's present name, or rheap's
    const char *old_name; // REE's, or NULL: REE has none
    size_t offset;        // in struct rh_config
    bool is_ratio;
    const char *rules; // of those that read it, "*" for all
};

// The n-th knob, or NULL behind the last.
const struct tune_knob *tune_knob(size_t n);
const struct tune_knob *tune_knob_named(const char *option);

// Whether a rule reads a knob.
bool tune_knob_is_of(const struct tune_knob *knob, const char *rule);

double tune_knob_get(const struct tune_knob *knob,
                     const struct rh_config *config);

// "8M", "1.8": false when it cannot be used, with what is wrong in `cause`.
bool tune_knob_set(const struct tune_knob *knob, struct rh_config *config,
                   const char *value, char cause[200]);

// The lines `export NAME=value' for the Ruby of a rule, to standard output.
// False: that Ruby reads none.
bool tune_rule_export(const char *rule, const struct rh_config *config);

#endif
