// Finding text in text as people do it: without regard to case. Thread rule: pure functions.
#pragma once

#include <string>
#include <string_view>

namespace togglecast::service {

/// Capitals of the Latin, Greek and Cyrillic letters that UTF-8 writes with one or two bytes become small;
/// everything else stays as it is.
[[nodiscard]] std::string fold_case(std::string_view text);

/// Whether `text` holds `folded`, which went through `fold_case`; everything holds the empty text.
[[nodiscard]] bool contains_folded(std::string_view text, std::string_view folded);

}  // namespace togglecast::service
