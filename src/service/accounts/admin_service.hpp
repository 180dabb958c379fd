// Admins: signing in and out, passwords, accounts and roles. All of it lives in the environment `system`.
// Thread rule: any thread. Passwords are hashed on the worker pool; `done` is called exactly once, on some
// thread of the house or within the call, and must return at once. Errors: `unauthenticated` for a wrong name
// or password alike, `rate_limited` with the seconds to wait, `unavailable` when too many wait, and those of
// entity_service.hpp.
//
// Every write takes an idempotency key. What is compared of a repeated request leaves passwords out: no quick
// digest of one is kept anywhere.
#pragma once

#include <chrono>
#include <functional>
#include <mutex>
#include <string>

#include "auth/key_ring.hpp"
#include "auth/login_throttle.hpp"
#include "auth/password.hpp"
#include "base/random.hpp"
#include "base/secret.hpp"
#include "changes/committer.hpp"
#include "changes/read_model.hpp"
#include "changes/store_reader.hpp"
#include "changes/worker_pool.hpp"
#include "service/accounts/admin_patch.hpp"
#include "service/accounts/principal.hpp"
#include "service/accounts/token_service.hpp"
#include "service/listing/listing.hpp"

namespace togglecast::service {

struct AdminOptions {
  auth::PasswordOptions passwords;
  auth::LoginThrottleOptions brake;
  std::chrono::minutes session{12 * 60};  ///< how long a login lasts
  std::size_t sessions_per_admin = 50;    ///< the oldest yields
};

struct Login {
  std::string username;
  Secret password;
  std::string environment{kDefaultEnvironment};  ///< the one to work in
  std::string address;                           ///< of the caller; empty for loopback, which is not counted
};

struct LoggedIn {
  json::value admin;  ///< the account's body
  UnixMillis expires_at{};
  Secret token;
  bool replayed = false;  ///< the same token as before, under the same idempotency key
};
using LoginDone = std::function<void(Result<LoggedIn> answer)>;

class AdminService {
 public:
  AdminService(changes::Committer& committer, const changes::ReadModel& model, changes::StoreReader& reader,
               changes::WorkerPool& workers, const auth::KeyRing& keys, RandomSource& random,
               const Clock& clock, const AdminOptions& options = {});

  void login(const Login& login, const WriteOptions& options, LoginDone done);
  /// Withdraws the token that `who` came with.
  void logout(const Principal& who, const WriteOptions& options, changes::Done done);
  /// One's own; needs the current one. All other tokens of this admin are withdrawn.
  void change_password(const Principal& who, const Secret& current, const Secret& next,
                       const WriteOptions& options, changes::Done done);
  /// Anybody's, by an owner or the server itself. All tokens of that admin are withdrawn.
  void set_password(const Principal& who, const std::string& username, const Secret& next,
                    const WriteOptions& options, changes::Done done);

  [[nodiscard]] Result<Page<domain::AdminUser>> list(const Principal& who, const PageQuery& query) const;
  [[nodiscard]] Result<std::shared_ptr<const domain::AdminUser>> find(const Principal& who,
                                                                      domain::Id admin) const;
  void create(const Principal& who, const std::string& username, domain::Role role, const Secret& password,
              const WriteOptions& options, changes::Done done, bool active = true);
  /// Of somebody else: `forbidden` for one's own role, password and deactivation. `conflict` when no active
  /// owner would be left. With a new password, or inactive, all tokens of that admin are withdrawn.
  void update(const Principal& who, domain::Id admin, const AdminPatch& patch, const WriteOptions& options,
              changes::Done done);
  /// To `active`, or to the other side.
  void toggle(const Principal& who, domain::Id admin, std::optional<bool> active, const WriteOptions& options,
              changes::Done done);
  /// Not oneself, and not the last active owner.
  void remove(const Principal& who, domain::Id admin, const WriteOptions& options, changes::Done done);

  /// Before the writer starts: the first account, an owner.
  [[nodiscard]] Result<changes::Written> create_first_owner(const std::string& username,
                                                            const Secret& password);

 private:
  using Account = std::shared_ptr<const domain::AdminUser>;  // nullptr when there is none of that name

  [[nodiscard]] Account account(const std::string& username) const;
  // Calls `next` on a worker with whether the password of this account is `password`.
  void check_password(const Account& account, const Secret& password,
                      std::function<void(Result<bool> matches)> next);
  // Hashes on a worker, then has `build(hash)` written.
  void write_with_hash(const Principal& who, const Secret& password, const WriteOptions& options,
                       const std::string& operation, std::function<changes::Build(Secret hash)> build,
                       changes::Done done);
  // Repeats the answer to an earlier request of the same idempotency key, or fails with `error`.
  void replay_or_fail(const Principal& who, const WriteOptions& options, const std::string& operation,
                      const Error& error, const changes::Done& done);
  void start_session(const domain::AdminUser& admin, const Login& login, const WriteOptions& options,
                     LoginDone done);
  [[nodiscard]] Result<void> attempt(std::string_view account, std::string_view address);

  changes::Committer& committer_;
  const changes::ReadModel& model_;
  changes::StoreReader& reader_;
  changes::WorkerPool& workers_;
  const auth::KeyRing& keys_;
  RandomSource& random_;
  const Clock& clock_;
  AdminOptions options_;
  auth::PasswordHasher hasher_;
  std::mutex brake_mutex_;
  auth::LoginThrottle brake_;
};

}  // namespace togglecast::service
