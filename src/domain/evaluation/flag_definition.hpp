// flagd's flag definition (JSON schema v0) as people write it, read and checked member by member.
// Thread rule: plain values.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/json.hpp"
#include "domain/evaluation/jsonlogic/compiler.hpp"
#include "domain/evaluation/jsonlogic/fractional.hpp"

namespace togglecast::domain::evaluation {

enum class FlagType : std::uint8_t { boolean, text, number, object };
/// `boolean`, `string`, `number`, `object`
[[nodiscard]] std::string_view to_string(FlagType type) noexcept;
/// The type of a variant's value; nothing for null and arrays, which no flag may have.
[[nodiscard]] std::optional<FlagType> type_of(const json::value& value) noexcept;

struct Variant {
  std::string name;
  json::value value;  ///< never null
};

struct FlagDefinition {
  FlagType type = FlagType::boolean;           ///< of every variant
  bool enabled = true;                         ///< `state`
  std::vector<Variant> variants;               ///< at least one, names unique, in their order
  std::optional<std::string> default_variant;  ///< none: the code's own default
  json::value targeting;                       ///< a rule; null or {} without one
  json::object metadata;                       ///< texts, numbers and booleans
  Bucketing bucketing = kNewestBucketing;      ///< ours, as `bucketing`; not in flagd's schema

  [[nodiscard]] bool has_targeting() const noexcept;
  /// nullptr without one of that name.
  [[nodiscard]] const Variant* variant(std::string_view name) const noexcept;
};

inline constexpr std::size_t kMaxVariants = 256;
inline constexpr std::size_t kMaxVariantName = 256;       ///< bytes
inline constexpr double kMaxNumber = 9007199254740991.0;  ///< 2^53 - 1: beyond it, parsers differ

/// Reads `state`, `variants`, `defaultVariant`, `targeting`, `metadata` and `bucketing` of an object; other
/// members are the caller's. `origin` is the JSON Pointer of `body`. Adds all mistakes to `issues`, except
/// those inside `targeting`, which `compile` finds.
[[nodiscard]] std::optional<FlagDefinition> read_flag(const json::value& body, const std::string& origin,
                                                      Strictness strictness, Issues& issues);

/// Metadata of a flag or of a set of flags: an object of texts, numbers and booleans.
void check_metadata(const json::value& metadata, const std::string& pointer, Issues& issues);

/// The inverse of `read_flag`; `bucketing` is always written.
void write_flag(json::object& out, const FlagDefinition& flag);

}  // namespace togglecast::domain::evaluation
