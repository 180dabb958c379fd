// Numbers and names of entities. Thread rule: plain values.
#pragma once

#include <cstdint>
#include <string_view>

namespace togglecast::domain {

/// Ids and revisions travel as JSON numbers, so they end where JavaScript stops counting.
inline constexpr std::int64_t kMaxId = (std::int64_t{1} << 53) - 1;

using Id = std::int64_t;        ///< 1 … kMaxId; never used again after a deletion
using Revision = std::int64_t;  ///< 0 … kMaxId; 0 is the empty environment

[[nodiscard]] constexpr bool is_id(std::int64_t number) noexcept { return number >= 1 && number <= kMaxId; }

/// Reads the decimal digits of an id, as in a path; no sign, no leading zero. 0 when it is none.
[[nodiscard]] Id parse_id(std::string_view text) noexcept;

/// A key is a slug: `^[a-z0-9][a-z0-9._-]{0,63}$`.
[[nodiscard]] bool is_key(std::string_view text) noexcept;

}  // namespace togglecast::domain
