// A rule for the engines of flagd, of one client: all that is known of the client is folded in, segments
// stand where they are used, and the form is that of flagd's schema. So an engine that knows nothing of
// clients gives the same answer.
//
//   {"if": [{"==": [{"var": "client.tier"}, "gold"]}, {"$ref": "beta"}, null]}   →   the rule of beta, or
//   null
//
// Thread rule: pure functions.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <tl/expected.hpp>

#include "base/json.hpp"
#include "domain/evaluation/jsonlogic/fractional.hpp"
#include "domain/state/snapshot.hpp"

namespace togglecast::domain::flagd {

/// What a rule reads that no context changes.
struct Constants {
  const json::object& attributes;  ///< of the client
  std::string_view client;         ///< its key, which is the targeting key of a context without one
  std::string_view flag;           ///< the key of the flag
  evaluation::Bucketing bucketing = evaluation::kNewestBucketing;
};

/// A rule, or a constant when no context changes the answer. An error says what flagd cannot do, as a phrase:
/// "its percentages are of the generation v1".
using Folded = tl::expected<json::value, std::string>;

inline constexpr std::size_t kMaxParts = 4'096;  ///< operators and arguments of a rule

/// The rule of a flag that can be compiled, with all its segments.
[[nodiscard]] Folded fold(const json::value& rule, const Constants& constants, const Snapshot& state);

}  // namespace togglecast::domain::flagd
