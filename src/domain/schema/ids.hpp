// Numbers and names of entities. Thread rule: plain values.
#pragma once

#include <compare>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/json.hpp"

namespace togglecast::domain {

/// Ids and revisions are JSON numbers, so the highest is JavaScript's highest safe integer.
inline constexpr std::int64_t kMaxId = (std::int64_t{1} << 53) - 1;

using Id = std::int64_t;        ///< 1 … kMaxId; a deleted entity's id is never used again
using Revision = std::int64_t;  ///< 0 … kMaxId; 0 is the empty environment

[[nodiscard]] constexpr bool is_id(std::int64_t number) noexcept { return number >= 1 && number <= kMaxId; }

/// Reads the decimal digits of an id, as in a path; no sign, no leading zero. 0 for any other text.
[[nodiscard]] Id parse_id(std::string_view text) noexcept;

/// The integer that a JSON number stands for, by its value: `25`, `25.0` and `2.5e1` are the same. Nothing
/// for other types, fractions and numbers outside of +-kMaxId.
[[nodiscard]] std::optional<std::int64_t> integer_in(const json::value& value) noexcept;

/// `[A-Za-z0-9_][A-Za-z0-9._:|~-]{0,99}`. A key keeps its case. `/` separates a feature from its sub-feature.
[[nodiscard]] bool is_key(std::string_view text) noexcept;
inline constexpr std::string_view kKeyRule =
    "must be 1 to 100 letters, digits or any of . _ : | ~ -, beginning with a letter, a digit or '_'";

/// Equal but for the case of ASCII letters.
[[nodiscard]] bool same_but_for_case(std::string_view a, std::string_view b) noexcept;

/// The order of keys: first as if in upper case, then as written. So keys that differ in case stand together.
struct KeyOrder {
  [[nodiscard]] bool operator()(std::string_view a, std::string_view b) const noexcept;
};
/// The first key, in that order, of all that differ from this one in case alone.
[[nodiscard]] std::string first_in_case(std::string_view key);

}  // namespace togglecast::domain
