// Admins: login and logout, passwords, accounts and roles. All accounts live in the environment `system`.
//
// Thread rule: any thread. The worker pool hashes passwords. `done` is called exactly once, on any thread or
// within the call, and must return quickly.
// Errors: `unauthenticated` for a wrong name or a wrong password, without a difference; `rate_limited` with
// the seconds to wait; `unavailable` when the queues are full; the errors of entity_service.hpp.
//
// Every write takes an idempotency key. The digest of a repeated request leaves passwords out, so that no
// fast digest of a password is stored.
#pragma once

#include <functional>
#include <mutex>
#include <string>

#include "auth/factor_codes.hpp"
#include "auth/login_throttle.hpp"
#include "auth/password.hpp"
#include "base/secret.hpp"
#include "changes/committer.hpp"
#include "changes/read_model.hpp"
#include "changes/store_reader.hpp"
#include "changes/worker_pool.hpp"
#include "observe/metrics.hpp"
#include "service/accounts/admin_patch.hpp"
#include "service/accounts/principal.hpp"
#include "service/accounts/session_service.hpp"
#include "service/listing/listing.hpp"

namespace togglecast::service {

struct AdminOptions {
  auth::PasswordOptions passwords;
  auth::LoginThrottleOptions throttle;
};

struct Login {
  std::string username;
  Secret password;
  SessionStart session;
  std::string throttled_as;  ///< the key of the caller's address; empty: no limit by address applies
  Secret code{};             ///< of the second factor; empty: none was sent
};

class AdminService {
 public:
  AdminService(changes::Committer& committer, const changes::ReadModel& model, changes::StoreReader& reader,
               changes::WorkerPool& workers, SessionService& sessions, auth::FactorCodes& codes,
               const Clock& clock, observe::Metrics& metrics, const AdminOptions& options = {});

  /// `forbidden` when the account has no role in the environment, when its first password was not changed in
  /// time, and while the settings switch passwords off; `unauthenticated` that names `/code` when the
  /// password is right and the code is missing.
  void login(const Login& login, const WriteOptions& options, LoginDone done);
  using LoginTold = std::function<void(const auth::LoginAttempt& attempt, bool opened)>;
  /// Hears of each password that was checked here, on a worker; an empty function ends that. The attempt
  /// names a digest instead of the account: people type passwords where a name belongs.
  void tell_logins(LoginTold told);
  /// A password was checked by another node: it counts here, too.
  void login_elsewhere(const auth::LoginAttempt& attempt, bool opened);

  /// Checks the caller's own password, on a worker.
  void prove_password(const Principal& who, const Secret& password, std::function<void(Result<void>)> next);

  /// Withdraws the token of this request.
  void logout(const Principal& who, const WriteOptions& options, changes::Done done);
  /// Sets the caller's own password, with the current one as proof. Withdraws all other tokens of this admin.
  void change_password(const Principal& who, const Secret& current, const Secret& next,
                       const WriteOptions& options, changes::Done done);
  /// Sets the password of any admin, for an owner or the server itself. Withdraws all tokens of that admin.
  void set_password(const Principal& who, const std::string& username, const Secret& next,
                    const WriteOptions& options, changes::Done done);

  [[nodiscard]] Result<Page<domain::AdminUser>> list(const Principal& who, const PageQuery& query) const;
  [[nodiscard]] Result<std::shared_ptr<const domain::AdminUser>> find(const Principal& who,
                                                                      domain::Id admin) const;
  void create(const Principal& who, const std::string& username, domain::Role role, const Secret& password,
              const WriteOptions& options, changes::Done done, bool active = true,
              const EnvironmentRoles& environments = {});
  /// `forbidden` when owners change their own role, password or activity. `conflict` when no active owner
  /// would be left. A new password or a deactivation withdraws all tokens of that admin.
  void update(const Principal& who, domain::Id admin, const AdminPatch& patch, const WriteOptions& options,
              changes::Done done);
  /// Sets `active`; without a value, switches to the opposite.
  void toggle(const Principal& who, domain::Id admin, std::optional<bool> active, const WriteOptions& options,
              changes::Done done);
  /// `forbidden` for the caller's own account, `conflict` for the last active owner.
  void remove(const Principal& who, domain::Id admin, const WriteOptions& options, changes::Done done);

  /// Creates the first account, an owner; `already_exists` when there is one. `before_commit` runs in the
  /// transaction once that is certain, and its error ends it; may be empty. Call before the writer starts.
  [[nodiscard]] Result<changes::Written> create_first_owner(
      const std::string& username, const Secret& password,
      const std::function<Result<void>()>& before_commit = {},
      std::optional<UnixMillis> password_expires_at = {});

 private:
  struct Checked {
    bool matches = false;
    Secret stronger{};  ///< a new hash of the password, when the stored one is weaker than those made now
  };
  using Account = std::shared_ptr<const domain::AdminUser>;  // nullptr: no account has that name

  /// The session of an account whose password was right; errors as of `login`.
  [[nodiscard]] Result<SessionStart> with_factor(const domain::AdminUser& admin, const Login& login,
                                                 Secret stronger);
  [[nodiscard]] Account account(const std::string& username) const;
  [[nodiscard]] static auth::LoginAttempt attempt_at(const std::string& account, bool exists,
                                                     const std::string& address);
  // Checks `password` and calls `next` with the outcome, on a worker. The throttle is asked before anything
  // waits, and again right before the hash: of many attempts at once, only as many as there are workers pass
  // after the failure that makes the next one wait. An inactive account matches nothing.
  void check_password(const Account& account, const auth::LoginAttempt& attempt, const Secret& password,
                      std::function<void(Result<Checked> checked)> next);
  // Hashes on a worker, then submits `build(hash)`.
  void write_with_hash(const Principal& who, const Secret& password, const WriteOptions& options,
                       const std::string& operation, std::function<changes::Build(Secret hash)> build,
                       changes::Done done);
  // Repeats the answer of an earlier request with the same idempotency key, or fails with `error`.
  void replay_or_fail(const Principal& who, const WriteOptions& options, const std::string& operation,
                      const Error& error, const changes::Done& done);
  /// `invalid_argument` unless all of them exist.
  [[nodiscard]] Result<void> check_environments(const EnvironmentRoles& roles) const;
  [[nodiscard]] Result<void> may_try(const auth::LoginAttempt& attempt);
  void note(const auth::LoginAttempt& attempt, bool opened);

  changes::Committer& committer_;
  const changes::ReadModel& model_;
  changes::StoreReader& reader_;
  changes::WorkerPool& workers_;
  SessionService& sessions_;
  auth::FactorCodes& codes_;
  const Clock& clock_;
  AdminOptions options_;
  auth::PasswordHasher hasher_;
  std::mutex throttle_mutex_;  // for the next two
  auth::LoginThrottle throttle_;
  LoginTold login_told_;
  observe::Counter& limited_;
};

}  // namespace togglecast::service
