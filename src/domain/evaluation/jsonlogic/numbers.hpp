// Conversion between numbers and texts as in ECMAScript. Thread rule: free functions on values.
#pragma once

#include <string>
#include <string_view>

namespace togglecast::domain::evaluation {

/// Number(text), ECMA-262, 7.1.4.1: the whole text or NaN; empty is 0; reads 0x, 0o and 0b.
[[nodiscard]] double text_to_number(std::string_view text) noexcept;
/// parseFloat(text), ECMA-262, 19.2.4: the longest beginning that is a decimal number, or NaN.
[[nodiscard]] double leading_number(std::string_view text) noexcept;
/// String(number)
void append_number(std::string& out, double number);
/// ToIntegerOrInfinity: NaN is 0, fractions are cut.
[[nodiscard]] double to_integer(double number) noexcept;

}  // namespace togglecast::domain::evaluation
