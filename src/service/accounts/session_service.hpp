// Sessions of admins: a session begins with a login, whatever proved who the admin is.
//
//   sessions.start(admin, {.environment = "production", .device = user_agent, .address = address}, options,
//   done)
//
// A session is the token record of an admin (Kind::token, in the environment `system`).
//
// Thread rule: any thread. `done` is called exactly once, on any thread or within the call, and must return
// quickly.
#pragma once

#include <chrono>
#include <functional>
#include <optional>
#include <string>

#include "auth/key_ring.hpp"
#include "base/random.hpp"
#include "base/secret.hpp"
#include "changes/committer.hpp"
#include "changes/read_model.hpp"
#include "service/accounts/principal.hpp"

namespace togglecast::service {

struct SessionOptions {
  std::chrono::seconds longest{12 * 3'600};  ///< how long a session lasts
  std::size_t per_admin = 50;                ///< one more login ends the oldest session
};

/// Where a session works, and where it comes from.
struct SessionStart {
  std::string environment;                        ///< must exist
  std::string device;                             ///< the User-Agent, as it came
  std::string address;                            ///< of the caller, for people to read
  std::optional<std::chrono::seconds> longest{};  ///< nothing: as `SessionOptions` say
};

struct LoggedIn {
  json::value admin;  ///< the account's body
  UnixMillis expires_at{};
  Secret token;
  bool replayed = false;  ///< a repeated request got the same token again; `conflict` if that has ended
};
using LoginDone = std::function<void(Result<LoggedIn> answer)>;

class SessionService {
 public:
  SessionService(changes::Committer& committer, const changes::ReadModel& model, const auth::KeyRing& keys,
                 RandomSource& random, const Clock& clock, const SessionOptions& options = {})
      : committer_(committer),
        model_(model),
        keys_(keys),
        random_(random),
        clock_(clock),
        options_(options) {}

  /// `admin` is the account at the moment it was proved. `unauthenticated` when the account was deactivated,
  /// deleted or given another password since; `invalid_argument` for an environment that does not exist.
  void start(const domain::AdminUser& admin, const SessionStart& start, const WriteOptions& options,
             LoginDone done);

 private:
  changes::Committer& committer_;
  const changes::ReadModel& model_;
  const auth::KeyRing& keys_;
  RandomSource& random_;
  const Clock& clock_;
  SessionOptions options_;
};

}  // namespace togglecast::service
