#include "auth/factor_codes.hpp"

#include <algorithm>
#include <utility>

#include "auth/codes/recovery_codes.hpp"
#include "auth/codes/totp.hpp"
#include "base/digest.hpp"
#include "domain/entities/asset.hpp"

namespace togglecast::auth {
namespace {

constexpr std::string_view kAttemptMark = "code:";

LoginAttempt code_attempt(const domain::SecondFactor& factor, const std::string& address) {
  return {std::string(kAttemptMark) + domain::hex(sha256(factor.username)), true, address};
}

bool has_digits_alone(std::string_view code) {
  return code.size() == kCodeDigits &&
         std::all_of(code.begin(), code.end(), [](char c) { return c >= '0' && c <= '9'; });
}

std::string without_spaces(std::string_view text) {
  std::string plain(text);
  std::erase(plain, ' ');
  return plain;
}

}  // namespace

// Of the key that signs tokens: the store has it in another table than what it seals.
SecretSealer FactorCodes::sealer() const {
  return SecretSealer(Secret(keys_.oldest()->derive("second factors").sign("seal")));
}

std::string FactorCodes::make_secret(std::string_view username) {
  return sealer().seal(random_, random_code_secret(random_), username);
}

Result<Secret> FactorCodes::secret_of(const domain::SecondFactor& factor) const {
  return sealer().open(factor.sealed, factor.username);
}

Result<domain::SecondFactor> FactorCodes::use(domain::SecondFactor factor, const Secret& code,
                                              UnixMillis now) const {
  const Secret plain(without_spaces(code.reveal()));
  if (has_digits_alone(plain.reveal())) {
    const auto secret = secret_of(factor);
    if (!secret) return tl::unexpected(secret.error());
    if (const auto step = match_totp(*secret, plain.reveal(), now, factor.last_step)) {
      factor.last_step = *step;
      return factor;
    }
  } else if (factor.confirmed_at) {
    const std::string digest = digest_of_recovery_code(plain.reveal());
    const auto found = std::find(factor.recovery.begin(), factor.recovery.end(), digest);
    if (found != factor.recovery.end()) {
      factor.recovery.erase(found);
      return factor;
    }
  }
  return fail(Errc::unauthenticated, "the code is wrong, or it was used before; wait for the next one");
}

Result<void> FactorCodes::prove(const domain::SecondFactor& factor, const Secret& code,
                                const std::string& address) {
  const LoginAttempt attempt = code_attempt(factor, address);
  const std::unique_lock lock(mutex_);  // one at a time: the failure before this one counts
  if (auto allowed = throttle_.check(attempt, clock_.now()); !allowed) {
    allowed.error().message.replace(0, allowed.error().message.find(';'), "too many wrong codes");
    return allowed;
  }
  const auto used = use(factor, code, clock_.wall_now());
  if (!used && used.error().code != Errc::unauthenticated) return tl::unexpected(used.error());
  note(attempt, used.has_value());
  if (!used) return tl::unexpected(used.error());
  return {};
}

void FactorCodes::tell(Told told) {
  const std::scoped_lock lock(mutex_);
  told_ = std::move(told);
}

bool FactorCodes::is_of_codes(const LoginAttempt& attempt) noexcept {
  return attempt.account.starts_with(kAttemptMark);
}

void FactorCodes::checked_elsewhere(const LoginAttempt& attempt, bool opened) {
  const std::scoped_lock lock(mutex_);
  if (opened) {
    throttle_.succeeded(attempt);
  } else {
    throttle_.failed(attempt, clock_.now());
  }
}

void FactorCodes::note(const LoginAttempt& attempt, bool opened) {
  if (opened) {
    throttle_.succeeded(attempt);
  } else {
    throttle_.failed(attempt, clock_.now());
  }
  if (told_) told_(attempt, opened);
}

}  // namespace togglecast::auth
