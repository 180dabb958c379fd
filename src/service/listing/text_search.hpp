// Text search without regard to case. Thread rule: pure functions.
#pragma once

#include <string>
#include <string_view>

namespace togglecast::service {

/// Turns Latin, Greek and Cyrillic capitals of one or two UTF-8 bytes into small letters. Other characters
/// stay as they are.
[[nodiscard]] std::string fold_case(std::string_view text);

/// Whether `text` contains `folded`, a result of `fold_case`. Every text contains the empty text.
[[nodiscard]] bool contains_folded(std::string_view text, std::string_view folded);

}  // namespace togglecast::service
