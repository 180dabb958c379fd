// The position of a receiver: `epoch.revision.chain`, such as `1.42.9f3a0c11d2b4e687`. Opaque to clients; the
// same for every receiver of a change. `chain` distinguishes histories of equal length. An offset that was
// sent to one connection alone carries a tag of its session behind it: `1.42.9f3a0c11d2b4e687.Zm9vYmFy`.
// Thread rule: plain values.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "domain/schema/ids.hpp"

namespace togglecast::domain {

struct Offset {
  std::int64_t epoch = 0;
  Revision revision = 0;
  std::uint64_t chain = 0;  ///< the first 64 bits of the log's running SHA-256
  friend bool operator==(const Offset&, const Offset&) = default;
};

inline constexpr std::size_t kOffsetTag = 8;  ///< characters of base64url

/// An offset as text. `tag`: none, or `kOffsetTag` characters.
[[nodiscard]] std::string to_string(const Offset& offset, std::string_view tag = {});

struct TaggedOffset {
  Offset offset;
  std::string_view tag;  ///< empty: none; else points into the text that was read
};
/// Reads exactly the output of `to_string`; nothing for any other text. An offset comes from outside and has
/// no authority.
[[nodiscard]] std::optional<TaggedOffset> parse_tagged_offset(std::string_view text) noexcept;
/// The same, for readers that ignore the tag.
[[nodiscard]] std::optional<Offset> parse_offset(std::string_view text) noexcept;

}  // namespace togglecast::domain
