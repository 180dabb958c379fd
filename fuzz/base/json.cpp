// JSON with limits (base/json): as deep as allowed and no deeper, written as UTF-8 without raw controls, and
// written, read and written again the same, in given and in canonical order.
#include <algorithm>
#include <boost/json/parse.hpp>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/json.hpp"
#include "base/text/plain_json.hpp"
#include "base/utf8.hpp"
#include "support/property.hpp"

namespace togglecast::fuzz {
namespace {

constexpr json::Limits kLimits{.depth = 6, .infinities = true};

std::size_t depth_of(const json::value& value) {
  std::size_t deepest = 0;
  if (const auto* array = value.if_array()) {
    for (const auto& element : *array) deepest = std::max(deepest, depth_of(element));
    return deepest + 1;
  }
  if (const auto* object = value.if_object()) {
    for (const auto& member : *object) deepest = std::max(deepest, depth_of(member.value()));
    return deepest + 1;
  }
  return 0;
}

void check_written(const std::string& text) {
  require(is_valid_utf8(text), "what is written is UTF-8");
  require(std::none_of(text.begin(), text.end(), [](char c) { return static_cast<unsigned char>(c) < 0x20; }),
          "what is written has no raw control characters");
}

void check_value(const json::value& value) {
  require(depth_of(value) <= kLimits.depth, "no deeper than the limit");
  const std::string text = json::serialize(value);
  check_written(text);
  const auto again = json::parse(text, kLimits);
  require(again.has_value(), "what is written can be read");
  require(json::serialize(*again) == text, "what is read again is written the same");

  const std::string canonical = json::canonical(value);
  check_written(canonical);
  const auto sorted = json::parse(canonical, kLimits);
  require(sorted.has_value() && json::canonical(*sorted) == canonical, "canonical text stays as it is");
  require(json::serialize(*sorted) == canonical, "canonical text is in order already");
  require(json::canonical(*again) == canonical, "equal values give equal text");
}

// Boost's own parser, which refuses lone surrogates, agrees about everything else.
void compare(std::string_view text, bool accepted) {
  if (text.find("\\ud") != std::string_view::npos || text.find("\\uD") != std::string_view::npos) return;
  boost::json::parse_options options;
  options.max_depth = static_cast<unsigned char>(kLimits.depth);
  boost::json::error_code error;
  (void)boost::json::parse({text.data(), text.size()}, error, {}, options);
  require(!error == accepted, "the same texts are JSON as elsewhere");
}

// Plain JSON is JSON, and says the same as text and as values.
void check_plain(std::string_view text) {
  const std::size_t length = json::plain_length(text, kLimits.depth);
  require(length <= text.size(), "a value ends within the text");
  json::PlainMembers members(text.substr(0, length));
  std::size_t count = 0;
  while (members.next()) ++count;
  if (length == 0) return;
  const auto value = json::parse(text.substr(0, length), kLimits);
  require(value.has_value(), "plain JSON is JSON");
  require(members.complete() == value->is_object(), "an object, and nothing else, has members");
  if (!value->is_object()) return;
  require(count >= value->get_object().size(), "no member is left out");
  for (json::PlainMembers again(text.substr(0, length)); const auto member = again.next();) {
    const auto key = json::plain_string({member->key.data() - 1, member->key.size() + 2});
    const auto read = json::parse(member->value, kLimits);
    require(read.has_value(), "a member is JSON");
    const auto number = json::plain_integer(member->value);
    require(!number || (read->is_int64() && read->get_int64() == *number), "an integer is that number");
    if (!key || count != value->get_object().size()) continue;  // a key that comes twice has its last value
    const auto* found = json::find(*value, *key);
    require(found != nullptr && json::serialize(*found) == json::serialize(*read), "members are the same");
  }
}

void check(std::string_view bytes) {
  const std::string text = replace_invalid_utf8(bytes);
  Result<json::value> value;
  const std::size_t allocated = allocated_by([&] { value = json::parse(text, kLimits); });
  require(allocated <= 256 * text.size() + 4096, "memory grows with what arrived");
  compare(text, value.has_value());
  check_plain(text);
  if (value) {
    check_value(*value);
  } else {
    require(!value.error().message.empty() && is_valid_utf8(value.error().message), "an error says why");
  }
  std::string quoted;
  json::append_string(quoted, text);
  const auto read = json::parse(quoted, kLimits);
  require(read.has_value() && read->is_string() && std::string_view(read->get_string()) == text,
          "text comes back");
}

}  // namespace
}  // namespace togglecast::fuzz

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  togglecast::fuzz::check({reinterpret_cast<const char*>(data), size});
  return 0;
}
