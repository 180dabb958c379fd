// What becomes of a folded rule where it ends: the places that name a variant. Thread rule: pure functions.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/json.hpp"
#include "domain/evaluation/flag_definition.hpp"

namespace togglecast::domain::flagd {

/// The variant that a constant names; nullptr: none, which is an error unless the constant is null.
[[nodiscard]] const evaluation::Variant* named_variant(const json::value& constant,
                                                       const evaluation::FlagDefinition& flag);

/// Whether the flag is on for this rule: true, false, or a rule that gives one of them. A feature that
/// requires it needs that.
[[nodiscard]] json::value is_on(const json::value& rule, const evaluation::FlagDefinition& flag);
/// The same for a value of the flag.
[[nodiscard]] bool counts_as_on(evaluation::FlagType type, const json::value& value) noexcept;

/// The rule with the default variant where it chooses nothing.
[[nodiscard]] json::value with_default(const json::value& rule, const std::optional<std::string>& variant);

/// The rule with texts where it names variants by other constants.
[[nodiscard]] json::value with_names(const json::value& rule, const evaluation::FlagDefinition& flag);

}  // namespace togglecast::domain::flagd
