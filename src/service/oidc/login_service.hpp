// Logins of admins by OpenID Connect: authorization code flow with PKCE. See decisions 0061 and 0062.
//
//   begin    a URL of the provider, and a ticket for the browser to keep   (login_ticket.hpp)
//   finish   the code for tokens, a strict look at the ID token, the account with the roles of the groups of
//            the person, a session
//
// Logout: `logout_url` is where the browser ends the provider's session; `end_sessions` is what the provider
// calls when a person has logged out there.
//
// Thread rule: any thread. `done` is called exactly once, on any thread or within the call, and must return
// quickly. Errors are sentences for the person at the screen; the same goes to the log, and to the counter
// `togglecast_oidc_logins_total` by outcome.
#pragma once

#include <array>
#include <cstddef>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>

#include "changes/committer.hpp"
#include "changes/read_model.hpp"
#include "observe/metrics.hpp"
#include "observe/peer_log.hpp"
#include "service/accounts/session_service.hpp"
#include "service/oidc/login_ticket.hpp"
#include "service/oidc/options.hpp"
#include "service/oidc/provider.hpp"

namespace togglecast::service::oidc {

/// The redirect to the provider.
struct Departure {
  std::string url;
  std::string cookie;  ///< the name of the cookie that keeps …
  std::string ticket;  ///< … this
};

/// The browser, back from the provider: the parameters of the callback, and its cookie.
struct Arrival {
  std::string state, code, error;
  std::optional<std::string> issuer;
  std::string ticket;
  std::string environment;   ///< of a login that named none
  std::string device;        ///< its User-Agent
  std::string address;       ///< where it comes from
  std::string throttled_as;  ///< the key of that address; empty: no limit by address applies
};

/// `SessionService::start`.
using StartSession = std::function<void(const domain::AdminUser& admin, const SessionStart& start,
                                        const WriteOptions& options, LoginDone done)>;

struct Welcome {
  LoggedIn session;
  std::string return_path;
  Secret id_token;  ///< for `logout_url`
};

/// How a login ended.
enum class Outcome : std::uint8_t {
  opened,
  abandoned,    ///< the person or the provider said no
  no_ticket,    ///< a missing, foreign or old cookie
  refused,      ///< the token or the answer of the provider is not what it must be
  no_role,      ///< the groups of the person give no role
  deactivated,  ///< an owner has deactivated the account
  away,         ///< the provider does not answer, or not as it must
  busy,         ///< too many at once
  failed,       ///< anything else, such as a store that is away
};
inline constexpr std::size_t kOutcomes = 9;
[[nodiscard]] std::string_view to_string(Outcome outcome) noexcept;

struct Surroundings {
  changes::Committer& committer;
  const changes::ReadModel& model;
  RandomSource& random;
  const Clock& clock;
  observe::PeerLog log;
  observe::Metrics& metrics;
};

class LoginService {
 public:
  /// All that `surroundings` name must outlive it, and `fetch` must call no `done` after its end.
  LoginService(Options options, Fetch fetch, LoginTickets tickets, StartSession start,
               const Surroundings& surroundings);

  [[nodiscard]] const Options& options() const noexcept { return options_; }

  /// `environment` may be empty. `invalid_argument` names a parameter; `unavailable` when the provider is
  /// away. The environment is not looked up: strangers learn nothing about environments.
  void begin(const std::string& environment, const std::string& return_path, const std::string& redirect_uri,
             std::function<void(Result<Departure>)> done);
  void finish(Arrival arrival, const WriteOptions& options, std::function<void(Result<Welcome>)> done);

  /// Where a browser ends its session at the provider, and comes back to `back`; empty if the provider has no
  /// such place, or cannot be asked now.
  void logout_url(const std::string& back, const std::string& id_token,
                  std::function<void(std::string url)> done);
  /// A logout token of the provider: ends the sessions of its subject that are older than the token.
  void end_sessions(const std::string& logout_token, const WriteOptions& options,
                    std::function<void(Result<void>)> done);

 private:
  class Attempt;

  // Calls `verify` with the keys, and once more with newer ones when it does not find its key.
  template <typename T>
  void verified(std::function<Result<T>(const auth::KeySet& keys)> verify,
                std::function<void(Result<T>)> done);
  void count(Outcome outcome, const Error* error, std::string_view address);
  [[nodiscard]] std::shared_ptr<void> enter(const std::string& address);

  const Options options_;
  const Fetch fetch_;
  Provider provider_;
  const LoginTickets tickets_;
  const StartSession start_;
  const Surroundings around_;
  std::array<observe::Counter*, kOutcomes> outcomes_{};
  observe::Counter& logouts_;
  observe::Counter& logouts_refused_;
  std::mutex mutex_;                            // for the next two
  std::map<std::string, std::size_t> at_once_;  // logins that wait for the provider, by address
  std::size_t all_at_once_ = 0;
};

}  // namespace togglecast::service::oidc
