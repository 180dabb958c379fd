// The context of a connection or of a request: one object that its sender chooses, with the same limits at
// every entrance. Thread rule: pure.
#pragma once

#include <cstddef>
#include <optional>

#include "domain/schema/fields.hpp"

namespace togglecast::domain {

inline constexpr std::size_t kMaxContext = 4 * 1'024;  ///< bytes of JSON text
inline constexpr std::size_t kMaxContextDepth = 5;

/// An absent `targetingKey`, null, or an empty text means the client's key; a number means its text.
[[nodiscard]] std::optional<json::object> read_context(FieldReader& in);

}  // namespace togglecast::domain
