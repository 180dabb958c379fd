// What a decision looks at: features with their compiled flags, what a package assigns, what a client
// overrides. Entities and snapshots build these and answer the two questions of `Catalogue`. Thread rule:
// plain values, immutable once shared.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.hpp"
#include "base/json.hpp"
#include "domain/evaluation/flag.hpp"
#include "domain/schema/ids.hpp"

namespace togglecast::domain::evaluation {

struct FeatureRules {
  Id id = 0;
  Flag flag;
  std::vector<Id> platforms;       ///< all must be on
  std::vector<Id> required;        ///< features; all must be on for the same client
  std::vector<Flag> sub_features;  ///< on only while this one is

  /// nullptr when there is none of that key.
  [[nodiscard]] const Flag* sub_feature(std::string_view key) const noexcept;
  /// How its answers depend on time, sub-features included.
  [[nodiscard]] TimeUse time() const;
};

/// A feature of a package.
struct Assignment {
  Id feature = 0;
  std::optional<std::int64_t> limit;
  std::optional<std::vector<std::string>> sub_features;  ///< the chosen ones; nothing: all

  [[nodiscard]] bool includes(std::string_view sub_feature) const noexcept;
};

/// What a package opens.
struct Plan {
  std::vector<Assignment> features;  ///< ascending by feature
  std::vector<Id> platforms;         ///< none: all

  /// nullptr when the package does not include it.
  [[nodiscard]] const Assignment* assignment(Id feature) const noexcept;
  [[nodiscard]] bool opens(Id platform) const noexcept;
};

/// What a client has instead of what its package and the feature's rules would give.
struct Override {
  Id feature = 0;
  bool removed = false;  ///< the feature is taken away; `value` counts for nothing
  json::value value;     ///< of the flag's type
  std::string reason;    ///< for people
  std::optional<UnixMillis> expires_at;

  [[nodiscard]] bool holds(UnixMillis now) const noexcept { return !expires_at || *expires_at > now; }
};

/// The one of that feature; nullptr when there is none. `overrides` ascend by feature. One that has expired
/// counts until it is gone.
[[nodiscard]] const Override* find_override(std::span<const Override> overrides, Id feature) noexcept;

/// Who asks: a client, with what its connection says of itself. Refers to what it is given.
struct Subject {
  bool active = true;
  std::string_view key;                      ///< the targeting key, unless the context names one
  const json::object* attributes = nullptr;  ///< `client.*` in rules
  const json::object* context = nullptr;
  const Plan* plan = nullptr;           ///< nullptr: on no package
  std::span<const Override> overrides;  ///< ascending by feature
  UnixMillis now;                       ///< the snapshot's `as_of`
};

class Catalogue {
 public:
  virtual ~Catalogue() = default;
  /// nullptr when there is no such feature.
  [[nodiscard]] virtual const FeatureRules* feature(Id id) const noexcept = 0;
  /// Whether the platform exists and is on.
  [[nodiscard]] virtual bool platform_is_on(Id id) const noexcept = 0;
};

}  // namespace togglecast::domain::evaluation
