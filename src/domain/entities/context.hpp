// What a connection, or whoever asks in its place, says of itself: one object, within limits that are the
// same at every entrance. Thread rule: pure.
#pragma once

#include <cstddef>
#include <optional>

#include "domain/schema/fields.hpp"

namespace togglecast::domain {

inline constexpr std::size_t kMaxContext = 4 * 1'024;  ///< bytes of JSON text
inline constexpr std::size_t kMaxContextDepth = 5;

/// Without a `targetingKey`, or with null for it, the client's key is that.
[[nodiscard]] std::optional<json::object> read_context(FieldReader& in);

}  // namespace togglecast::domain
