#include "domain/evaluation/catalogue.hpp"

#include <algorithm>

namespace togglecast::domain::evaluation {

const Flag* FeatureRules::sub_feature(std::string_view key) const noexcept {
  const auto found = std::find_if(sub_features.begin(), sub_features.end(),
                                  [key](const Flag& candidate) { return candidate.key() == key; });
  return found == sub_features.end() ? nullptr : &*found;
}

TimeUse FeatureRules::time() const {
  TimeUse time;
  if (!flag.enabled()) return time;
  time.merge(flag.time());
  for (const Flag& sub_feature : sub_features) time.merge(sub_feature.time());
  return time;
}

bool Assignment::includes(std::string_view sub_feature) const noexcept {
  return !sub_features ||
         std::find(sub_features->begin(), sub_features->end(), sub_feature) != sub_features->end();
}

const Assignment* Plan::assignment(Id feature) const noexcept {
  const auto found = std::lower_bound(features.begin(), features.end(), feature,
                                      [](const Assignment& a, Id id) { return a.feature < id; });
  return found == features.end() || found->feature != feature ? nullptr : &*found;
}

bool Plan::opens(Id platform) const noexcept {
  return platforms.empty() || std::find(platforms.begin(), platforms.end(), platform) != platforms.end();
}

const Override* find_override(std::span<const Override> overrides, Id feature) noexcept {
  const auto found = std::lower_bound(overrides.begin(), overrides.end(), feature,
                                      [](const Override& one, Id id) { return one.feature < id; });
  return found == overrides.end() || found->feature != feature ? nullptr : &*found;
}

}  // namespace togglecast::domain::evaluation
