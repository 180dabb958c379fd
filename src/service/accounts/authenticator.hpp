// Turns a token or an API key into its principal. The token provides signature and times; the current state
// provides everything else. A client's token may be one of ours or of an issuer that is trusted; an admin's
// is one of ours. Thread rule: any thread; no I/O on the caller's thread. Errors: `token_invalid`,
// `token_expired`, `revoked` (the token was withdrawn, or its record or subject is gone), and `unavailable`
// while the keys of an issuer cannot be had.
#pragma once

#include <functional>
#include <optional>
#include <string_view>

#include "auth/key_ring.hpp"
#include "auth/token_codec.hpp"
#include "base/clock.hpp"
#include "base/memory/recently_used.hpp"
#include "changes/read_model.hpp"
#include "observe/metrics.hpp"
#include "service/accounts/last_use.hpp"
#include "service/accounts/principal.hpp"
#include "service/accounts/signing_keys.hpp"
#include "service/issuers/trusted_issuers.hpp"

namespace togglecast::service {

class Authenticator {
 public:
  Authenticator(const auth::KeyRing& keys, const changes::ReadModel& model, SigningKeys& signing_keys,
                TrustedIssuers& issuers, const Clock& clock, observe::Metrics& metrics)
      : keys_(keys),
        model_(model),
        signing_keys_(signing_keys),
        issuers_(issuers),
        clock_(clock),
        verifications_(metrics.counter("togglecast_token_verifications_total",
                                       "Tokens and API keys that callers sent.")),
        accepted_(foreign_counter(metrics, "accepted")),
        refused_(foreign_counter(metrics, "refused")) {}

  /// `address` is the caller's; an API key may be limited to some. Nothing: it is not
  /// looked at; empty: it is unknown.
  [[nodiscard]] Result<Principal> authenticate(
      std::string_view token, std::optional<std::string_view> address = std::string_view()) const;

  /// From now on each use of an API key or of an admin's session is noted. Before any other call; `last_use`
  /// must outlive this.
  void note_uses(LastUse& last_use) noexcept { last_use_ = &last_use; }

  /// After a refusal. This node may not have heard yet of what makes the token valid: another node has just
  /// issued it, or made its environment or key, or an issuer has a new key. Then the store is read once,
  /// `again` runs on another thread, and the answer that the token gets by then is final. False, and `again`
  /// never runs, when the refusal is final, or when too many wait for such a look.
  [[nodiscard]] bool look_again(std::string_view token, std::function<void()> again) const;

  /// The same principal in the newest state: its role may have changed, or its token may be gone.
  [[nodiscard]] Result<Principal> recheck(const Principal& who) const;

  /// Whether the key that signed the token still verifies.
  [[nodiscard]] bool accepts_key_of(const Principal& who) const { return keys_.accepts(who.signing_key); }

  /// The same in a state that the caller holds: a client's environment, or `system` for an admin or an API
  /// key. Without `address`, that of an API key's caller counts as checked before.
  [[nodiscard]] Result<Principal> recheck_in(const Principal& who, const domain::Snapshot& state,
                                             std::optional<std::string_view> address = std::nullopt) const;
  /// The same without a look at the key that signed, and at issuers.
  [[nodiscard]] static Result<Principal> recheck(const Principal& who, const domain::Snapshot& state,
                                                 UnixMillis now,
                                                 std::optional<std::string_view> address = std::nullopt);

 private:
  static constexpr std::size_t kVerified = 8'192;  // tokens

  static observe::Counter& foreign_counter(observe::Metrics& metrics, const char* result) {
    return metrics.counter("togglecast_issuer_tokens_total", "Tokens of other issuers, by result.",
                           {{"result", result}});
  }
  /// The claims of a token of ours, whose signature is checked once.
  [[nodiscard]] Result<auth::Claims> claims_of(std::string_view token,
                                               const std::optional<auth::Claims>& known) const;
  [[nodiscard]] Result<Principal> authenticate_key(std::string_view key,
                                                   std::optional<std::string_view> address) const;
  [[nodiscard]] bool may_be_new(std::string_view token) const;
  [[nodiscard]] bool has_come(std::string_view token) const;
  [[nodiscard]] Result<Principal> authenticate_foreign(std::string_view token) const;
  [[nodiscard]] bool look_again_foreign(std::string_view token, std::function<void()> again) const;
  // The state that holds the record of a token: a client's environment, or `system` for an admin.
  [[nodiscard]] domain::SnapshotPtr token_state(Principal::Kind kind, std::string_view environment) const;

  const auth::KeyRing& keys_;
  const changes::ReadModel& model_;
  SigningKeys& signing_keys_;
  TrustedIssuers& issuers_;
  const Clock& clock_;
  observe::Counter& verifications_;
  observe::Counter& accepted_;
  observe::Counter& refused_;
  LastUse* last_use_ = nullptr;
  // By their tokens. The signature and the claims of a text never change; what may change is asked at each
  // use.
  mutable RecentlyUsed<auth::Claims> verified_{kVerified};
};

}  // namespace togglecast::service
