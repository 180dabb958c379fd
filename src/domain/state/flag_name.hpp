// One flag as requests name it: a feature by its id or key, a sub-feature by its flat name `feature/sub`.
// No key contains a `/`, so a name has one meaning. Thread rule: pure functions.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "base/json.hpp"
#include "domain/state/snapshot.hpp"

namespace togglecast::domain {

struct FlatName {
  std::string_view feature;
  std::optional<std::string_view> sub_feature{};
};
/// Splits at the first `/`; points into `text`.
[[nodiscard]] FlatName parse_flat_name(std::string_view text) noexcept;

struct NamedFlag {
  std::shared_ptr<const Feature> feature;    ///< nullptr: there is none
  std::optional<std::string> sub_feature{};  ///< the key after the `/`; the feature may not have it
};
/// `name` is an id (by value) or a text; nothing is found for other types.
[[nodiscard]] NamedFlag find_flag(const Snapshot& state, const json::value& name);

}  // namespace togglecast::domain
