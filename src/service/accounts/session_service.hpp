// Sessions of admins: a session begins with a login, whatever proved who the admin is.
//
//   sessions.start(admin, {.environment = "production", .device = user_agent, .address = address}, options,
//   done)
//   sessions.refresh({refresh_token, address}, done)
//
// A session is the token record of an admin (Kind::token, in the environment `system`). Its tokens are short:
// a refresh token gets the next one, and is replaced by it (decision 0055). The store counts these
// exchanges beside the session (storage/usage.hpp).
//
// Thread rule: any thread. `done` is called exactly once, on any thread or within the call, and must return
// quickly.
#pragma once

#include <array>
#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "auth/key_ring.hpp"
#include "base/random.hpp"
#include "base/secret.hpp"
#include "changes/committer.hpp"
#include "changes/read_model.hpp"
#include "changes/store_reader.hpp"
#include "domain/entities/token.hpp"
#include "observe/metrics.hpp"
#include "observe/peer_log.hpp"
#include "service/accounts/admin_rates.hpp"
#include "service/accounts/principal.hpp"
#include "service/accounts/signing_keys.hpp"

namespace togglecast::service {

struct SessionOptions {
  std::chrono::seconds token{15 * 60};           ///< how long a token lasts
  std::chrono::seconds longest{90 * 86'400};     ///< how long a session lasts
  std::chrono::seconds idle{30 * 86'400};        ///< the same without any use
  std::chrono::seconds leeway{10};               ///< in which a refresh token may come again: see `refresh`
  std::size_t per_admin = 50;                    ///< one more login ends the oldest session
  Rate refreshes{.per_second = 5, .burst = 60};  ///< of one admin
};

/// Where a session works, and where it comes from.
struct SessionStart {
  std::string environment;                        ///< must exist
  std::string device;                             ///< the User-Agent, as it came
  std::string address;                            ///< of the caller, for people to read
  std::optional<std::chrono::seconds> longest{};  ///< nothing: as `SessionOptions` say
  domain::LoginMethod method = domain::LoginMethod::password;
  std::optional<UnixMillis> until{};  ///< it ends then at the latest
  /// What the commit that begins the session also does; its error refuses the login. May be empty.
  std::function<Result<void>(changes::WriteContext& context, changes::Draft& draft)> also{};
};

/// What a login and each refresh give.
struct LoggedIn {
  json::value admin;  ///< the account's body
  std::string environment;
  domain::Id session = 0;
  UnixMillis expires_at{};  ///< of the token
  Secret token;
  UnixMillis session_expires_at{};  ///< the session ends then, however often it is refreshed
  Secret refresh_token;
  auth::Duty duty = auth::Duty::none;  ///< what the session must be used for first
  bool replayed = false;  ///< a repeated login is in the same session; `conflict` if that has ended
};
using LoginDone = std::function<void(Result<LoggedIn> answer)>;

struct RefreshRequest {
  Secret token;
  std::string address;        ///< of the caller, for the log
  std::string environment{};  ///< the next token works there; empty: where the session began
};

class SessionService {
 public:
  struct Surroundings {
    changes::Committer& committer;
    const changes::ReadModel& model;
    changes::StoreReader& reader;
    const auth::KeyRing& keys;
    SigningKeys& signing_keys;
    RandomSource& random;
    const Clock& clock;
    observe::PeerLog log;
    observe::Metrics& metrics;
  };

  /// All that `surroundings` name must outlive it.
  explicit SessionService(const Surroundings& surroundings, const SessionOptions& options = {});

  [[nodiscard]] const SessionOptions& options() const noexcept { return options_; }

  /// `admin` is the account at the moment it was proved. `unauthenticated` when the account was deactivated,
  /// deleted or given another password since; `invalid_argument` for an environment that does not exist.
  void start(const domain::AdminUser& admin, const SessionStart& start, const WriteOptions& options,
             LoginDone done);

  /// A new token and a new refresh token; the one of the request is used then. One that was used ends its
  /// session when it comes again, except within the leeway: then the same new one is given again, so that two
  /// tabs, or a request whose answer was lost, go on. Errors: `token_invalid`, `token_expired`, `revoked`;
  /// `forbidden` when the account has no role in the environment, `invalid_argument` when that does not exist
  /// (the refresh token is not used then); `rate_limited`; `unavailable`.
  void refresh(RefreshRequest request, LoginDone done);

 private:
  struct Attempt;
  using AttemptPtr = std::shared_ptr<Attempt>;
  using Session = std::shared_ptr<const domain::TokenRecord>;
  enum class Outcome : std::uint8_t { renewed, repeated, reused, refused };

  void check(const AttemptPtr& attempt);
  void judge(const AttemptPtr& attempt, const storage::Usage& usage);
  void exchange(const AttemptPtr& attempt);
  // `newest` is not the generation of the refresh token.
  void judge_used(const AttemptPtr& attempt, const storage::Generation& newest);
  void end_reused(const AttemptPtr& attempt);
  void finish(const AttemptPtr& attempt, Outcome outcome, std::int64_t generation);
  void refuse(const AttemptPtr& attempt, Error error, Outcome outcome = Outcome::refused);

  void answer_replayed(const domain::TokenRecord& session, LoggedIn answer, LoginDone done);
  // Whether the attempt's environment exists.
  [[nodiscard]] Result<void> check_environment(const Attempt& attempt) const;
  // With a token that is issued at `at`.
  struct Next {
    std::string environment;
    std::int64_t generation = 1;
    UnixMillis at{};
  };
  [[nodiscard]] LoggedIn welcome(const domain::TokenRecord& session, json::value admin,
                                 const Next& next) const;

  const Surroundings around_;
  const SessionOptions options_;
  AdminRates refreshes_;
  std::array<observe::Counter*, 4> outcomes_{};
};

}  // namespace togglecast::service
