// The filters of each list, in one table per entity (filters.cpp). Thread rule: pure functions.
// Errors: `invalid_argument` that names the parameter.
#pragma once

#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/clock.hpp"
#include "base/error.hpp"
#include "domain/state/snapshot.hpp"

namespace togglecast::service {

template <typename T>
using Filter = std::function<bool(const T& entity)>;

/// What filters look at besides the entity.
struct FilterInput {
  const domain::Snapshot& state;
  UnixMillis now{};  ///< of the wall clock
};

template <typename T>
struct FilterRule {
  std::string_view name;  ///< of the parameter
  /// `invalid_argument` continues a sentence that begins with the name of the parameter: `must be true or
  /// false`.
  Result<Filter<T>> (*make)(const FilterInput& input, std::string_view value);
};

/// All filters of one entity; none without a table.
template <typename T>
[[nodiscard]] std::span<const FilterRule<T>> filter_rules() noexcept {
  return {};
}

template <>
std::span<const FilterRule<domain::Platform>> filter_rules<domain::Platform>() noexcept;
template <>
std::span<const FilterRule<domain::Feature>> filter_rules<domain::Feature>() noexcept;
template <>
std::span<const FilterRule<domain::Package>> filter_rules<domain::Package>() noexcept;
template <>
std::span<const FilterRule<domain::Client>> filter_rules<domain::Client>() noexcept;
template <>
std::span<const FilterRule<domain::AdminUser>> filter_rules<domain::AdminUser>() noexcept;
template <>
std::span<const FilterRule<domain::Issuer>> filter_rules<domain::Issuer>() noexcept;

/// A filter that accepts the entities which pass all `filters` (pairs of name and value).
template <typename T>
[[nodiscard]] Result<Filter<T>> make_filter(const FilterInput& input,
                                            const std::vector<std::pair<std::string, std::string>>& filters) {
  std::vector<Filter<T>> all;
  for (const auto& [name, value] : filters) {
    for (const FilterRule<T>& rule : filter_rules<T>()) {
      if (rule.name != name) continue;
      auto filter = rule.make(input, value);
      if (!filter) {
        Error error = filter.error();
        error.message = "the parameter " + name + ' ' + error.message;
        return tl::unexpected(std::move(error));
      }
      all.push_back(std::move(*filter));
    }
  }
  return [all = std::move(all)](const T& entity) {
    for (const Filter<T>& one : all)
      if (!one(entity)) return false;
    return true;
  };
}

}  // namespace togglecast::service
