// The input of a decision: features with their compiled flags, a package's assignments, a client's overrides.
// Entities and snapshots build these and implement `Catalogue`. Thread rule: plain values, immutable once
// shared.
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
  std::vector<Flag> sub_features;  ///< on only while this feature is on

  /// nullptr without one of that key.
  [[nodiscard]] const Flag* sub_feature(std::string_view key) const noexcept;
  /// How the answers depend on time, those of sub-features included.
  [[nodiscard]] TimeUse time() const;
};

/// A feature of a package.
struct Assignment {
  Id feature = 0;
  std::optional<std::int64_t> limit;
  std::optional<std::vector<std::string>> sub_features;  ///< the chosen ones; nothing: all

  [[nodiscard]] bool includes(std::string_view sub_feature) const noexcept;
};

/// The features and platforms of a package.
struct Plan {
  std::vector<Assignment> features;  ///< ascending by feature
  std::vector<Id> platforms;         ///< none: all

  /// nullptr when the package does not include it.
  [[nodiscard]] const Assignment* assignment(Id feature) const noexcept;
  [[nodiscard]] bool opens(Id platform) const noexcept;
};

/// Replaces the answer of package and rules for one client.
struct Override {
  Id feature = 0;
  bool removed = false;  ///< the client loses the feature; `value` is ignored
  json::value value;     ///< of the flag's type
  std::string reason;    ///< for people
  std::optional<UnixMillis> expires_at;

  [[nodiscard]] bool holds(UnixMillis now) const noexcept { return !expires_at || *expires_at > now; }
};

/// The override of that feature; nullptr without one. `overrides` ascend by feature. An expired override
/// counts until a change removes it.
[[nodiscard]] const Override* find_override(std::span<const Override> overrides, Id feature) noexcept;

/// A client with the context of its connection. Refers to its inputs, which must outlive it.
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
  /// nullptr without such a feature.
  [[nodiscard]] virtual const FeatureRules* feature(Id id) const noexcept = 0;
  /// Whether the platform exists and is on.
  [[nodiscard]] virtual bool platform_is_on(Id id) const noexcept = 0;
};

}  // namespace togglecast::domain::evaluation
