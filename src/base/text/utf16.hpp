// Strings as ECMAScript counts and orders them: by UTF-16 code units, although ours are UTF-8 (a lone
// surrogate in its three-byte form, see base/json.hpp). Thread rule: free functions on values.
#pragma once

#include <compare>
#include <cstddef>
#include <string>
#include <string_view>

namespace togglecast {

[[nodiscard]] std::size_t utf16_length(std::string_view text) noexcept;

/// Appends the units `first` … `first + count - 1`, as far as there are any. Half of a pair becomes a lone
/// surrogate.
void append_utf16_slice(std::string& out, std::string_view text, std::size_t first, std::size_t count);

/// The order of JavaScript's `<` on strings.
[[nodiscard]] std::strong_ordering compare_utf16(std::string_view a, std::string_view b) noexcept;

}  // namespace togglecast
