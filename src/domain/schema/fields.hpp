// Reads the members of a JSON object one by one and collects all mistakes, each with its JSON Pointer.
// A reading call answers nothing when the member is absent or refused. `finish` reports the refusals.
//
//   FieldReader in(body);
//   auto name = in.line("name", 200);
//   in.require({"name"});
//   if (auto ok = in.finish(); !ok) return tl::unexpected(ok.error());
//
// Thread rule: one thread; refers to `body`, which must outlive it.
#pragma once

#include <cstddef>
#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/clock.hpp"
#include "base/error.hpp"
#include "base/json.hpp"
#include "domain/schema/ids.hpp"

namespace togglecast::domain {

class FieldReader {
 public:
  explicit FieldReader(const json::value& body);

  /// One line of 1 to `max` bytes of UTF-8 without control characters: those of find_control_character, or,
  /// in a stored body, only those of ASCII.
  [[nodiscard]] std::optional<std::string> line(std::string_view name, std::size_t max);
  /// Up to `max` bytes of UTF-8; line ends and tabs are the only control characters.
  [[nodiscard]] std::optional<std::string> text(std::string_view name, std::size_t max);
  /// See `is_key`.
  [[nodiscard]] std::optional<std::string> key(std::string_view name);
  [[nodiscard]] std::optional<bool> boolean(std::string_view name);
  /// By its value, see `integer_in`.
  [[nodiscard]] std::optional<std::int64_t> integer(std::string_view name, std::int64_t min,
                                                    std::int64_t max);
  [[nodiscard]] std::optional<Id> id(std::string_view name) { return integer(name, 1, kMaxId); }
  /// An array of at most `max` different ids; ascending.
  [[nodiscard]] std::optional<std::vector<Id>> ids(std::string_view name, std::size_t max);
  /// An array of at most `max` elements.
  [[nodiscard]] const json::array* array(std::string_view name, std::size_t max);
  /// Any value; nullptr when absent.
  [[nodiscard]] const json::value* any(std::string_view name) { return take(name); }
  /// An ISO 8601 time.
  [[nodiscard]] std::optional<UnixMillis> time(std::string_view name);
  /// An object of at most `max_bytes` as JSON text and `max_depth` levels.
  [[nodiscard]] std::optional<json::object> object(std::string_view name, std::size_t max_bytes,
                                                   std::size_t max_depth);

  /// The body was stored, maybe by an older version: what that version accepted stays readable.
  void read_as_stored() noexcept { stored_ = true; }

  /// Present and not null. The member's reading call treats null as absent.
  [[nodiscard]] bool has_value(std::string_view name);
  /// Each of these must be present.
  void require(std::initializer_list<std::string_view> names);
  /// Each of these may be in answers but not in requests.
  void deny(std::initializer_list<std::string_view> names, std::string_view reason);
  /// A mistake that the caller has found.
  void refuse(std::string_view name, std::string reason);
  /// The same, with complete JSON Pointers.
  void refuse(const std::vector<FieldIssue>& issues);

  /// An error that lists every mistake, unknown members included.
  [[nodiscard]] Result<void> finish();
  /// The same; without a mistake, `value`.
  template <typename T>
  [[nodiscard]] Result<T> finish(T value) {
    return finish().map([&value] { return std::move(value); });
  }

 private:
  const json::value* take(std::string_view name);

  const json::object* members_ = nullptr;
  bool stored_ = false;
  std::vector<std::string_view> known_;
  std::vector<FieldIssue> issues_;
};

/// `invalid_argument` with all issues; success without any.
[[nodiscard]] Result<void> refusal_of(std::vector<FieldIssue> issues);

/// Turns the error of a part into an error of the whole. `origin` is the part's JSON Pointer.
[[nodiscard]] Error within(std::string_view origin, Error error);

/// Sets `member` if a value was read.
template <typename T>
void assign(T& member, std::optional<T> read) {
  if (read) member = *std::move(read);
}

/// With a leading `/`; `/` and `~` inside are escaped as in RFC 6901.
[[nodiscard]] std::string json_pointer(std::string_view name);

}  // namespace togglecast::domain
