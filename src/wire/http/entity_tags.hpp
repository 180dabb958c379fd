// The values of If-Match and If-None-Match (RFC 9110, sections 8.8.3, 13.1.1 and 13.1.2).
//
//   field      := "*" | [ entity-tag ] *( OWS "," OWS [ entity-tag ] )     with at least one tag
//   entity-tag := [ "W/" ] '"' *etagc '"'
//   etagc      := %x21 | %x23-7E | %x80-FF
//
// Thread rule: pure functions; the tags point into the field.
#pragma once

#include <cstddef>
#include <string_view>
#include <tl/expected.hpp>
#include <vector>

namespace togglecast::wire::http {

struct EntityTag {
  std::string_view opaque;  ///< without quotes
  bool weak = false;
};

struct EntityTags {
  bool any = false;  ///< `*`; then there are no tags
  std::vector<EntityTag> tags;
};

struct BadEntityTags {
  std::size_t byte = 0;  ///< of the field, from 1 on
  std::string_view expected;
};

[[nodiscard]] tl::expected<EntityTags, BadEntityTags> parse_entity_tags(std::string_view field);

/// What follows a tag of ours is a mark of a content coding, such as `-gzip`, `--gzip`, `-br` or `;gz`: a
/// proxy that compresses an answer appends it. Empty counts, too.
[[nodiscard]] bool is_coding_mark(std::string_view rest) noexcept;
/// Weak comparison: the same tag, whatever its coding and however weak.
[[nodiscard]] bool same_but_for_coding(const EntityTag& tag, std::string_view ours) noexcept;

}  // namespace togglecast::wire::http
