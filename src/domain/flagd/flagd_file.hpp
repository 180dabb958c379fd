// All flags of one client as a file for flagd: an in-process provider evaluates them without a request.
//
//   const std::string text = flagd_file(*state, *client);
//
// A flag whose answer no context changes, such as a denied one, is a constant. Flags that flagd cannot answer
// as this server does are left out, and `metadata.leftOut` names them. The text changes only when an answer
// may. Thread rule: a pure function. Contract: docs/openfeature.md.
#pragma once

#include <string>

#include "domain/state/snapshot.hpp"

namespace togglecast::domain::flagd {

inline constexpr std::size_t kMaxFile = 16 * 1'024 * 1'024;  ///< bytes; flags that do not fit are left out

[[nodiscard]] std::string flagd_file(const Snapshot& state, const Client& client);

}  // namespace togglecast::domain::flagd
