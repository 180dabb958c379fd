// JSON (RFC 8259) on Boost.JSON values, with limits when reading and ECMAScript's text when writing.
// Lone surrogate escapes, legal in JSON texts, are kept: inside strings as their three-byte form, on the wire
// as `\udXXX`. Thread rule: free functions on values.
#pragma once

#include <boost/json/value.hpp>
#include <cstddef>
#include <string>
#include <string_view>

#include "base/error.hpp"

namespace togglecast::json {

using boost::json::array;
using boost::json::kind;
using boost::json::object;
using boost::json::string;
using boost::json::value;

struct Limits {
  std::size_t depth = 32;  ///< nested arrays and objects
  bool infinities =
      false;  ///< a number that no double holds is read as one, as ECMAScript does, and not refused
};

/// Reads one JSON text of valid UTF-8; anything after it but white space is an error. Errors name the byte:
/// `parse_error` "at byte 17: …", or `payload_too_large` when nested too deeply.
[[nodiscard]] Result<value> parse(std::string_view text, const Limits& limits = {});

/// As ECMAScript's JSON.stringify without spaces: minimal escapes, `/` and non-ASCII raw, non-finite numbers
/// `null`, doubles in their shortest form that reads back equal.
[[nodiscard]] std::string serialize(const value& json);
void append(std::string& out, const value& json);
void append_string(std::string& out, std::string_view text);

/// The same with object members sorted by key (by bytes): equal values give equal text.
[[nodiscard]] std::string canonical(const value& json);

/// Member `key` of an object, or nullptr when `json` is no object or has no such member.
[[nodiscard]] const value* find(const value& json, std::string_view key) noexcept;
/// A string member as view; empty when absent or of another kind.
[[nodiscard]] std::string_view string_or_empty(const value& json, std::string_view key) noexcept;

}  // namespace togglecast::json
