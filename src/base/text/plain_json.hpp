// JSON read as text, for those who pass it on or want one member of it: no value is built.
//
// Plain JSON is a subset of JSON that covers everyday values: no white space, no `\u` escapes, no exponents,
// and numbers of at most 15 digits. It needs no `parse` before it is sent on, as it came. Keys that come
// twice are not looked for; for `parse`, the last one counts. Everything else, also what is no JSON at all,
// is for `parse`, which has the errors.
//
// Thread rule: pure functions.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

namespace togglecast::json {

inline constexpr std::size_t kMostPlainDepth = 64;  ///< of arrays and objects in each other

/// How many bytes the plain value at the front of `text` has; 0 when there is none. `text` must be valid
/// UTF-8. `depth`: how many arrays and objects may be nested; at most kMostPlainDepth are.
[[nodiscard]] std::size_t plain_length(std::string_view text, std::size_t depth) noexcept;

/// The characters of a plain string, given with both quotes. Without a value when it has escapes, or is no
/// string.
[[nodiscard]] std::optional<std::string_view> plain_string(std::string_view value) noexcept;
/// A plain number. Without a value when it has a fraction, or is no number.
[[nodiscard]] std::optional<std::int64_t> plain_integer(std::string_view value) noexcept;

/// Walks over the members of a plain object.
///
///     PlainMembers members(text);
///     while (const auto member = members.next()) use(member->key, member->value);
///     if (!members.complete()) …   // no plain object, or more than one value
class PlainMembers {
 public:
  struct Member {
    std::string_view key;    ///< without quotes; its escapes as they are
    std::string_view value;  ///< as text
  };

  /// `text` must be a sequence of plain values, as `plain_length` found them.
  explicit PlainMembers(std::string_view text) noexcept;
  [[nodiscard]] std::optional<Member> next() noexcept;
  /// The object ended, and nothing follows it.
  [[nodiscard]] bool complete() const noexcept { return complete_; }

 private:
  std::string_view rest_;  // at a key; empty: there is no more
  bool complete_ = false;
};

}  // namespace togglecast::json
