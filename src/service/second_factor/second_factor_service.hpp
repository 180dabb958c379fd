// The second factor of an admin: an app that shows codes (TOTP), and ten recovery codes. A new secret counts
// once the app has shown a code of it. Accounts of OpenID Connect leave it to their provider.
//
// Thread rule: any thread. `done` is called once, on any thread or within the call, and must return quickly.
// Errors: `unauthenticated` for a wrong password or code, `rate_limited` after several, `conflict` when the
// account has a factor already, or none; the errors of entity_service.hpp.
#pragma once

#include <cstddef>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "auth/factor_codes.hpp"
#include "base/random.hpp"
#include "base/secret.hpp"
#include "changes/committer.hpp"
#include "changes/read_model.hpp"
#include "service/accounts/admin_service.hpp"

namespace togglecast::service {

/// What an app needs. A repeated request (idempotency key) gets the same.
struct FactorSetup {
  Secret secret;  ///< base32, for typing
  Secret uri;     ///< `otpauth://…`, for a QR code
  bool replayed = false;
};
using SetupDone = std::function<void(Result<FactorSetup> setup)>;
/// Shown once: a repeated request is a `conflict`.
using RecoveryCodesDone = std::function<void(Result<std::vector<Secret>> codes)>;

/// A password and a code of the factor, or one of them.
struct Proof {
  Secret password{};
  Secret code{};
  std::string throttled_as{};  ///< as in Login
};

class SecondFactorService {
 public:
  SecondFactorService(changes::Committer& committer, const changes::ReadModel& model, AdminService& admins,
                      auth::FactorCodes& codes, RandomSource& random, const Clock& clock)
      : committer_(committer),
        model_(model),
        admins_(admins),
        codes_(codes),
        random_(random),
        clock_(clock) {}

  /// `{enabled, enabled_at?, recovery_codes_left, required}` of the caller.
  [[nodiscard]] Result<json::object> describe(const Principal& who) const;
  /// Needs the password: a stolen session must not lock its admin out. Replaces a secret that was not
  /// confirmed.
  void begin(const Principal& who, const Proof& proof, const WriteOptions& options, SetupDone done);
  void confirm(const Principal& who, const Proof& proof, const WriteOptions& options, RecoveryCodesDone done);
  /// Needs password and code, as does `remove`. The codes from before work no more.
  void renew_recovery_codes(const Principal& who, const Proof& proof, const WriteOptions& options,
                            RecoveryCodesDone done);
  void remove(const Principal& who, const Proof& proof, const WriteOptions& options, changes::Done done);
  /// Removes the factor of another admin, for an owner or the server itself. `not_found` without one.
  void reset(const Principal& who, domain::Id admin, const WriteOptions& options, changes::Done done);

 private:
  using FactorPtr = std::shared_ptr<const domain::SecondFactor>;
  [[nodiscard]] FactorPtr factor_of(const Principal& who) const;
  /// Of an account with a factor that counts.
  [[nodiscard]] Result<FactorPtr> confirmed_factor_of(const Principal& who) const;
  void write(const Principal& who, const WriteOptions& options, const std::string& operation,
             changes::Build build, changes::Done done);
  /// Calls `then` once password and code are right. The code is not used yet.
  void prove_both(const Principal& who, const Proof& proof, std::function<void(Result<void>)> then);

  changes::Committer& committer_;
  const changes::ReadModel& model_;
  AdminService& admins_;
  auth::FactorCodes& codes_;
  RandomSource& random_;
  const Clock& clock_;
};

}  // namespace togglecast::service
