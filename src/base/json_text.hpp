// JSON text that is written member by member, where no value is needed. Keys are literals with their quotes
// and their colon:
//
//   out += R"({"id":)"sv;  // a view: the length of a bare literal would be counted at run time
//   json::append_number(out, id);
//   out += R"(,"name":)"sv;
//   json::append_string(out, name);
//
// Thread rule: pure functions.
#pragma once

#include <charconv>
#include <concepts>
#include <string>
#include <string_view>

#include "base/json.hpp"

namespace togglecast::json {

/// Whether `text` is printable ASCII without quotes and backslashes, which a JSON string has as it is.
[[nodiscard]] bool stands_for_itself(std::string_view text) noexcept;

/// The text of an object, which no value holds.
void append(std::string& out, const object& members);

template <std::integral Integer>
void append_number(std::string& out, Integer number) {
  char text[24];
  out.append(text, std::to_chars(text, text + sizeof text, number).ptr);
}

inline void append_bool(std::string& out, bool truth) {
  out += std::string_view(truth ? "true" : "false", truth ? 4 : 5);
}

/// `[…]` of the elements, each written by `append_element(out, element)`.
template <typename Elements, typename AppendElement>
void append_array(std::string& out, const Elements& elements, AppendElement&& append_element) {
  out += '[';
  bool first = true;
  for (const auto& element : elements) {
    if (!first) out += ',';
    first = false;
    append_element(out, element);
  }
  out += ']';
}

}  // namespace togglecast::json
