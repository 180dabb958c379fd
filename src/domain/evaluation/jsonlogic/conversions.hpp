// Conversion and comparison of values as in ECMAScript (ECMA-262, 7.1 and 7.2), on which JsonLogic's
// reference relies. Thread rule: free functions on values.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "base/json.hpp"
#include "domain/evaluation/jsonlogic/meter.hpp"
#include "domain/evaluation/jsonlogic/value.hpp"

namespace togglecast::domain::evaluation {

/// JsonLogic's truth: as in JavaScript, except that an empty array is false.
[[nodiscard]] bool truthy(const Value& value) noexcept;
/// Number(x)
[[nodiscard]] double to_number(const Value& value, Meter& meter);
/// parseFloat(x)
[[nodiscard]] double parse_float(const Value& value, Meter& meter);
/// String(x)
void append_text(std::string& out, const Value& value, Meter& meter);
/// Array.prototype.join: nothing becomes empty.
void append_joined(std::string& out, const Value& array, std::string_view separator, Meter& meter);
/// `===`: see Value.
[[nodiscard]] bool strict_equal(const Value& a, const Value& b, Meter& meter);
[[nodiscard]] bool loose_equal(const Value& a, const Value& b, Meter& meter);
/// `a < b`
[[nodiscard]] bool less(const Value& a, const Value& b, Meter& meter);
/// `a <= b`
[[nodiscard]] bool less_equal(const Value& a, const Value& b, Meter& meter);
/// A copy that owns its data. Undefined and NaN become null, whole numbers become integers.
[[nodiscard]] json::value to_json(const Value& value, Meter& meter, std::size_t depth = 0);

}  // namespace togglecast::domain::evaluation
