// The position of a receiver: `epoch.revision.chain`, such as `1.42.9f3a0c11d2b4e687`. Opaque to clients; the
// same for every receiver of a change. `chain` distinguishes histories of equal length. Thread rule: plain
// values.
#pragma once

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

[[nodiscard]] std::string to_string(const Offset& offset);
/// Reads exactly the output of `to_string`; nothing for any other text. An offset comes from outside and has
/// no authority.
[[nodiscard]] std::optional<Offset> parse_offset(std::string_view text) noexcept;

}  // namespace togglecast::domain
