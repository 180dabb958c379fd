// Names that stand twice in one object of a JSON text. `json::parse` keeps the last of them, other readers
// the first: texts that are signed may have none. Thread rule: pure function.
#pragma once

#include <cstddef>
#include <string_view>

namespace togglecast::json {

/// Whether no name stands twice in one object. False also when `text` is no JSON of at most `depth` levels,
/// or has a lone surrogate.
[[nodiscard]] bool members_are_unique(std::string_view text, std::size_t depth);

}  // namespace togglecast::json
