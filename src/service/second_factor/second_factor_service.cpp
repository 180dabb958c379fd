#include "service/second_factor/second_factor_service.hpp"

#include <utility>

#include "auth/codes/recovery_codes.hpp"
#include "auth/codes/totp.hpp"
#include "domain/schema/environment.hpp"
#include "service/accounts/submit_write.hpp"
#include "service/duties/duties.hpp"
#include "service/second_factor/factor_builds.hpp"

namespace togglecast::service {
namespace {

using domain::AdminUser;
using domain::SecondFactor;

constexpr std::string_view kIssuerName = "Togglecast";

std::vector<std::string> digests_of(const std::vector<Secret>& codes) {
  std::vector<std::string> digests;
  digests.reserve(codes.size());
  for (const Secret& code : codes) digests.push_back(auth::digest_of_recovery_code(code.reveal()));
  return digests;
}

// The codes are known only to the request that made them.
changes::Done showing(std::vector<Secret> codes, RecoveryCodesDone done) {
  return [codes = std::move(codes), done = std::move(done)](Result<changes::Written> written) {
    if (!written) return done(tl::unexpected(written.error()));
    if (written->replayed)
      return done(fail(Errc::conflict,
                       "the recovery codes were shown to the first of these requests; make new ones"));
    done(codes);
  };
}

Result<void> check_is_admin(const Principal& who) {
  if (auto allowed = require(who, auth::Action::manage_second_factor); !allowed) return allowed;
  if (who.kind == Principal::Kind::admin) return {};
  return fail(Errc::forbidden, "only an admin has a second factor");
}

}  // namespace

SecondFactorService::FactorPtr SecondFactorService::factor_of(const Principal& who) const {
  return model_.current(domain::kSystemEnvironment)->find_by_key<SecondFactor>(who.name);
}

Result<SecondFactorService::FactorPtr> SecondFactorService::confirmed_factor_of(const Principal& who) const {
  if (auto admin = check_is_admin(who); !admin) return tl::unexpected(admin.error());
  auto factor = factor_of(who);
  if (factor == nullptr || !factor->confirmed_at)
    return fail(Errc::conflict, "this account has no second factor");
  return factor;
}

Result<json::object> SecondFactorService::describe(const Principal& who) const {
  if (auto admin = check_is_admin(who); !admin) return tl::unexpected(admin.error());
  const auto state = model_.current(domain::kSystemEnvironment);
  const auto account = state->find<AdminUser>(who.id);
  if (account == nullptr) return fail(Errc::revoked, "this account is gone");
  const auto factor = state->find_by_key<SecondFactor>(account->username);
  const bool enabled = factor != nullptr && factor->confirmed_at;
  json::object out{{"enabled", enabled},
                   {"required", needs_second_factor(*account, settings_of(*state))},
                   {"recovery_codes_left", enabled ? factor->recovery.size() : std::size_t{0}}};
  if (enabled) out["enabled_at"] = to_iso8601(*factor->confirmed_at);
  return out;
}

void SecondFactorService::write(const Principal& who, const WriteOptions& options,
                                const std::string& operation, changes::Build build, changes::Done done) {
  Principal of_installation = who;
  of_installation.environment = domain::kSystemEnvironment;
  submit_write(committer_, of_installation, auth::Action::manage_second_factor, options, operation, nullptr,
               std::move(build), std::move(done));
}

void SecondFactorService::begin(const Principal& who, const Proof& proof, const WriteOptions& options,
                                SetupDone done) {
  if (auto admin = check_is_admin(who); !admin) return done(tl::unexpected(admin.error()));
  admins_.prove_password(who, proof.password, [this, who, options, done](Result<void> proven) {
    if (!proven) return done(tl::unexpected(proven.error()));
    write(
        who, options, "second factor begin", build_factor_setup(who.id, codes_.make_secret(who.name)),
        [this, name = who.name, done](Result<changes::Written> written) {
          if (!written) return done(tl::unexpected(written.error()));
          const auto factor = SecondFactor::from_json(written->body);
          if (!factor || factor->confirmed_at)
            return done(fail(Errc::conflict, "this second factor was set up or removed since; begin again"));
          const auto secret = codes_.secret_of(*factor);
          if (!secret) return done(tl::unexpected(secret.error()));
          done(FactorSetup{Secret(auth::base32(secret->reveal())),
                           auth::otpauth_uri(kIssuerName, name, *secret), written->replayed});
        });
  });
}

void SecondFactorService::confirm(const Principal& who, const Proof& proof, const WriteOptions& options,
                                  RecoveryCodesDone done) {
  if (auto admin = check_is_admin(who); !admin) return done(tl::unexpected(admin.error()));
  if (const auto factor = factor_of(who); factor != nullptr && !factor->confirmed_at) {
    if (auto proven = codes_.prove(*factor, proof.code, proof.throttled_as); !proven)
      return done(tl::unexpected(proven.error()));
  }
  auto recovery = auth::random_recovery_codes(random_);
  auto build = build_factor_confirmation(who.id, codes_, proof.code, clock_.wall_now(), digests_of(recovery));
  write(who, options, "second factor confirm", std::move(build),
        showing(std::move(recovery), std::move(done)));
}

void SecondFactorService::prove_both(const Principal& who, const Proof& proof,
                                     std::function<void(Result<void>)> then) {
  const auto factor = confirmed_factor_of(who);
  if (!factor) return then(tl::unexpected(factor.error()));
  admins_.prove_password(who, proof.password,
                         [this, factor = *factor, proof, then = std::move(then)](Result<void> proven) {
                           if (proven) proven = codes_.prove(*factor, proof.code, proof.throttled_as);
                           then(std::move(proven));
                         });
}

void SecondFactorService::renew_recovery_codes(const Principal& who, const Proof& proof,
                                               const WriteOptions& options, RecoveryCodesDone done) {
  prove_both(who, proof, [this, who, proof, options, done](Result<void> proven) {
    if (!proven) return done(tl::unexpected(proven.error()));
    auto recovery = auth::random_recovery_codes(random_);
    auto build = build_recovery_codes(who.id, codes_, proof.code, clock_.wall_now(), digests_of(recovery));
    write(who, options, "recovery codes", std::move(build), showing(std::move(recovery), done));
  });
}

void SecondFactorService::remove(const Principal& who, const Proof& proof, const WriteOptions& options,
                                 changes::Done done) {
  prove_both(who, proof, [this, who, proof, options, done](Result<void> proven) {
    if (!proven) return done(tl::unexpected(proven.error()));
    write(who, options, "second factor remove",
          build_factor_removal(who.id, codes_, proof.code, clock_.wall_now()), done);
  });
}

void SecondFactorService::reset(const Principal& who, domain::Id admin, const WriteOptions& options,
                                changes::Done done) {
  if (who.kind == Principal::Kind::admin && who.id == admin)
    return done(
        fail(Errc::forbidden, "remove your own second factor with POST /api/v1/auth/second-factor/remove"));
  Principal of_installation = who;
  of_installation.environment = domain::kSystemEnvironment;
  submit_write(committer_, of_installation, auth::Action::manage_admins, options,
               "second factor reset " + std::to_string(admin), nullptr,
               build_factor_reset(admin, options.if_match), std::move(done));
}

}  // namespace togglecast::service
