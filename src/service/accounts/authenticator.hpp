// Turns a token into who it stands for, now: signature and times from the token, everything else from the
// state. Thread rule: any thread; no I/O. Errors: `token_invalid`, `token_expired`, `revoked` (withdrawn, or
// its record or subject is gone).
#pragma once

#include <string_view>

#include "auth/key_ring.hpp"
#include "base/clock.hpp"
#include "changes/read_model.hpp"
#include "service/accounts/principal.hpp"

namespace togglecast::service {

class Authenticator {
 public:
  Authenticator(const auth::KeyRing& keys, const changes::ReadModel& model, const Clock& clock)
      : keys_(keys), model_(model), clock_(clock) {}

  [[nodiscard]] Result<Principal> authenticate(std::string_view token) const;

  /// The same principal as it stands in the newest state: its role may have changed, its token may be gone.
  [[nodiscard]] Result<Principal> recheck(const Principal& who) const;

  /// The same against a state that the caller holds: a client's own environment, or `system` for an admin.
  [[nodiscard]] static Result<Principal> recheck(const Principal& who, const domain::Snapshot& state,
                                                 UnixMillis now);

 private:
  [[nodiscard]] domain::SnapshotPtr home_of(Principal::Kind kind, std::string_view environment) const;

  const auth::KeyRing& keys_;
  const changes::ReadModel& model_;
  const Clock& clock_;
};

}  // namespace togglecast::service
