// The rules of a decision, one by one and in order, each with its findings. Thread rule: one thread.
#pragma once

#include "base/json.hpp"
#include "domain/evaluation/decision.hpp"
#include "domain/state/snapshot.hpp"

namespace togglecast::service {

/// `[{rule, outcome: passed|decided|not_reached, found}]` for a decision about a feature, or about
/// its `sub_feature`: always all rules. `found` holds the input of the rule, even if the rule was not
/// reached.
[[nodiscard]] json::array decision_steps(const domain::Snapshot& state,
                                         const domain::evaluation::Subject& subject,
                                         const domain::evaluation::FeatureRules& feature,
                                         const domain::evaluation::Flag* sub_feature,
                                         const domain::evaluation::Decision& decision,
                                         domain::evaluation::Decider& decider);

}  // namespace togglecast::service
