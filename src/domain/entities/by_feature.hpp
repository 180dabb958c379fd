// Lists in which each element belongs to a different feature: assignments and overrides. Thread rule: pure
// functions.
#pragma once

#include <algorithm>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "domain/schema/fields.hpp"

namespace togglecast::domain {

/// An array of at most `max` elements that `read(body)` reads, at most one per feature; ascending by
/// feature.
template <typename T, typename Read>
[[nodiscard]] std::optional<std::vector<T>> read_by_feature(FieldReader& in, std::string_view name,
                                                            std::size_t max, Read&& read) {
  const auto* bodies = in.array(name, max);
  if (bodies == nullptr) return std::nullopt;
  std::vector<T> elements;
  elements.reserve(bodies->size());
  for (std::size_t i = 0; i < bodies->size(); ++i) {
    Result<T> element = read((*bodies)[i]);
    if (element) {
      elements.push_back(*std::move(element));
    } else {
      in.refuse(within(json_pointer(name) + '/' + std::to_string(i), element.error()).details);
    }
  }
  std::sort(elements.begin(), elements.end(), [](const T& a, const T& b) { return a.feature < b.feature; });
  const auto twice = std::adjacent_find(elements.begin(), elements.end(),
                                        [](const T& a, const T& b) { return a.feature == b.feature; });
  if (twice != elements.end()) in.refuse(name, "names feature " + std::to_string(twice->feature) + " twice");
  return elements;
}

}  // namespace togglecast::domain
