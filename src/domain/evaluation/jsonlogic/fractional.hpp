// flagd's `fractional`: puts a text, by its hash, into one of several buckets of given weights.
//
// There are two generations of it, which put the same text into different buckets. A flag stores its own, and
// nothing changes it silently: users would jump between variants. Thread rule: pure functions.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

#include "domain/evaluation/jsonlogic/operations.hpp"
#include "domain/evaluation/jsonlogic/value.hpp"

namespace togglecast::domain::evaluation {

enum class Bucketing : std::uint8_t {
  v1,  ///< flagd before its core 0.15: |hash as int32| / (2^31 - 1) in per cent; variants are texts
  v2,  ///< since then, and for every new flag: (hash * total weight) >> 32; variants and weights may be rules
};
inline constexpr Bucketing kNewestBucketing = Bucketing::v2;

/// `v1`, `v2`: as stored.
[[nodiscard]] std::string_view to_string(Bucketing bucketing) noexcept;
[[nodiscard]] std::optional<Bucketing> parse_bucketing(std::string_view text) noexcept;

inline constexpr std::int64_t kMaxTotalWeight = 2'147'483'647;

/// `arguments`: the text to put, or nothing for flag key and targeting key together; then [variant, weight]
/// each, weight 1 when left out. Null when the arguments are not of that form, when there is no targeting
/// key, or when no bucket has weight; as v1, also when there is only one argument. `data` is what `var` would
/// read there.
[[nodiscard]] Value fractional(std::span<const Value> arguments, const Value& data, Bucketing bucketing,
                               const Workspace& work);

}  // namespace togglecast::domain::evaluation
