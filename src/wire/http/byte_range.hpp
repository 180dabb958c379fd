// The values of Range and If-Range (RFC 9110, sections 13.1.5 and 14.1.2), for one range of bytes.
//
//   field      := "bytes=" range        the unit in any case
//   range      := first "-" [ last ] | "-" suffix
//   first, last, suffix := 1*DIGIT
//
// A field that is malformed, of another unit or with several ranges asks for nothing that must be given: the
// answer is then the whole (section 14.2). Thread rule: pure functions.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace togglecast::wire::http {

enum class RangeKind : std::uint8_t {
  whole,         ///< 200 with all bytes
  part,          ///< 206 with some bytes, at least one
  unsatisfiable  ///< 416: the range begins behind the end
};

struct ByteRange {
  RangeKind kind = RangeKind::whole;
  std::size_t first = 0;  ///< of a part: the place of its first byte …
  std::size_t size = 0;   ///< … and the number of its bytes
  friend bool operator==(const ByteRange&, const ByteRange&) = default;
};

/// What `field` asks for of a representation of `size` bytes. An empty field asks for the whole.
[[nodiscard]] ByteRange byte_range(std::string_view field, std::size_t size) noexcept;

/// Whether a Range counts: If-Range is absent, or is exactly this strong ETag. `etag` is without quotes. A
/// date never counts: answers have no Last-Modified.
[[nodiscard]] bool range_counts(std::string_view if_range, std::string_view etag) noexcept;

}  // namespace togglecast::wire::http
