// A feature flag: a flagd flag, with sub-features, the platforms it needs and the features it requires.
// consistency.hpp checks its references to other entities. Thread rule: plain values.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "domain/entities/asset.hpp"
#include "domain/evaluation/flag_definition.hpp"
#include "domain/schema/entity.hpp"
#include "domain/schema/kind.hpp"

namespace togglecast::domain {

inline constexpr std::size_t kMaxSubFeatures = 64;
inline constexpr std::size_t kMaxNeededPlatforms = 64;
inline constexpr std::size_t kMaxRequired = 64;

/// A separate flag that is on only while its feature is on.
struct SubFeature {
  std::string key;  ///< unique within its feature
  std::string name;
  std::string description;
  evaluation::FlagDefinition flag;
};

struct Feature : Stamps {
  static constexpr Kind kKind = Kind::feature;
  static constexpr std::string_view kKeyMember = "key";

  std::string key;
  std::string name;
  std::string description;
  evaluation::FlagDefinition flag;
  std::vector<SubFeature> sub_features;
  std::vector<Id> platforms;  ///< ascending; all must be on
  std::vector<Id> required;   ///< ascending; `requires`
  Assets assets;

  [[nodiscard]] const std::string& unique_key() const noexcept { return key; }
  /// nullptr without one of that key.
  [[nodiscard]] const SubFeature* sub_feature(std::string_view sub_key) const noexcept;
  [[nodiscard]] static Result<Feature> from_json(const json::value& body);
  /// Needs `key` and `name`. The default is a boolean flag that is on.
  [[nodiscard]] static Result<Feature> read_new(const json::value& body);
};

/// `enabled` and flagd's `state` mean the same.
[[nodiscard]] json::object to_json(const Feature& feature);

/// `variants`, `targeting`, `metadata`, `sub_features`, `platforms` and `requires`, when present, replace the
/// old value as a whole.
[[nodiscard]] Result<Feature> patched(Feature feature, const json::value& body);

}  // namespace togglecast::domain
