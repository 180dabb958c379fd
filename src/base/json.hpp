// JSON (RFC 8259) on Boost.JSON values: limits when reading, ECMAScript's text when writing.
// JSON allows lone surrogate escapes, and they are kept: three bytes inside strings, `\udXXX` on the wire.
// Thread rule: pure functions.
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
  std::size_t depth = 32;   ///< nested arrays and objects
  bool infinities = false;  ///< read a number that no double holds as infinity, as ECMAScript does
};

/// Reads one JSON text of valid UTF-8. Only white space may follow it.
/// Errors: `parse_error` "JSON error at byte 17: …"; `payload_too_large` for a text that is nested too
/// deeply.
[[nodiscard]] Result<value> parse(std::string_view text, const Limits& limits = {});

/// Writes the text of ECMAScript's JSON.stringify without spaces: minimal escapes, `/` and non-ASCII as they
/// are, `null` for non-finite numbers, and the shortest digits that read back as the same double.
[[nodiscard]] std::string serialize(const value& json);
void append(std::string& out, const value& json);
void append_string(std::string& out, std::string_view text);

/// The same with object members sorted by the bytes of their keys: equal values give equal text.
[[nodiscard]] std::string canonical(const value& json);

/// Member `key` of an object. nullptr if `json` is not an object or has no such member.
[[nodiscard]] const value* find(const value& json, std::string_view key) noexcept;
/// A string member as a view. Empty if it is absent or of another kind.
[[nodiscard]] std::string_view string_or_empty(const value& json, std::string_view key) noexcept;

}  // namespace togglecast::json
