// Why the session of a connection has ended. Thread rule: pure.
#pragma once

#include <string_view>

#include "base/clock.hpp"
#include "domain/state/snapshot.hpp"
#include "service/accounts/principal.hpp"

namespace togglecast::service {

struct SessionEnd {
  std::string_view reason;   ///< a word for programs
  std::string_view message;  ///< a sentence for people
};

/// Why `Authenticator::recheck` fails in this state, the first in which it does.
[[nodiscard]] SessionEnd end_of_session(const Principal& who, const domain::Snapshot& state, UnixMillis now);

}  // namespace togglecast::service
