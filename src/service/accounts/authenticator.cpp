#include "service/accounts/authenticator.hpp"

#include <algorithm>
#include <utility>

#include "auth/token_codec.hpp"
#include "base/digest.hpp"
#include "domain/entities/asset.hpp"
#include "domain/schema/address_range.hpp"
#include "domain/schema/environment.hpp"
#include "service/duties/duties.hpp"

namespace togglecast::service {
namespace {

// A node that is further behind than that is not ready anyway.
constexpr std::int64_t kNewSeconds = 300;

tl::unexpected<Error> withdrawn_issuer() {
  return fail(Errc::revoked, "the token's issuer or its key is not trusted any more; get a new token");
}

tl::unexpected<Error> revoked() { return fail(Errc::revoked, "the token was withdrawn; get a new one"); }

tl::unexpected<Error> no_role_in(const std::string& environment) {
  return fail(Errc::forbidden, "this account has no role in the environment '" + environment +
                                   "'; work in another one, or ask an owner for a role");
}

// What an admin said of the client: tokens from before count for nothing.
bool is_too_old(const domain::Client& client, UnixMillis issued_at) {
  return client.tokens_valid_from && issued_at < *client.tokens_valid_from;
}

// The principal of a valid token. `environment` is where an admin works: a session has tokens for several.
Result<Principal> principal_of(const domain::TokenRecord& token, const std::string& environment,
                               const domain::Snapshot& state) {
  Principal who;
  who.id = token.subject_id;
  who.environment = environment;
  who.token_id = token.id;
  who.expires_at = token.expires_at < domain::kNeverExpires ? token.expires_at : Principal::kNever;
  switch (token.subject_kind) {
    case domain::SubjectKind::client: {
      const auto client = state.find<domain::Client>(token.subject_id);
      if (client == nullptr || is_too_old(*client, token.created_at)) return revoked();
      who.kind = Principal::Kind::client;
      who.name = client->key;
      return who;
    }
    case domain::SubjectKind::admin: {
      const auto admin = state.find<domain::AdminUser>(token.subject_id);
      if (admin == nullptr || !admin->active) return revoked();
      who.kind = Principal::Kind::admin;
      who.name = admin->username;
      who.role = admin->standing_in(environment);
      if (who.role.here() == domain::Role::none) return no_role_in(environment);
      who.duty = duty_of(*admin, state);
      return who;
    }
  }
  return revoked();
}

bool allows_address(const domain::ApiKey& key, std::string_view address) {
  return key.addresses.empty() ||
         std::any_of(key.addresses.begin(), key.addresses.end(), [address](const std::string& text) {
           const auto range = domain::AddressRange::parse(text);
           return range && range->contains(address);
         });
}

// The principal of an API key. Without `address`, the one of its caller is not looked at.
Result<Principal> principal_of(const domain::ApiKey& key, UnixMillis now,
                               std::optional<std::string_view> address) {
  if (!key.active)
    return fail(Errc::revoked, "the API key " + key.prefix + "… is deactivated; an owner can activate it");
  if (key.expires_at && *key.expires_at <= now)
    return fail(Errc::token_expired,
                "the API key " + key.prefix + "… expired; an owner makes another one, or gives it more time");
  if (address && !allows_address(key, *address))
    return fail(Errc::forbidden, "the API key " + key.prefix + "… may not be used from the address " +
                                     std::string(*address) + "; its addresses name others");
  Principal who;
  who.kind = Principal::Kind::machine;
  who.id = key.id;
  who.name = key.name;
  who.role = domain::Standing(domain::Role::viewer, false);
  who.scopes = key.scopes;
  who.environment = key.environment;
  who.expires_at = key.expires_at.value_or(Principal::kNever);
  return who;
}

tl::unexpected<Error> unknown_key() {
  return fail(Errc::token_invalid, "there is no such API key, or it was revoked; an owner makes another one");
}

bool is_api_key(std::string_view token) noexcept { return token.starts_with(domain::kApiKeyMark); }

}  // namespace

domain::SnapshotPtr Authenticator::token_state(Principal::Kind kind, std::string_view environment) const {
  return model_.current(kind == Principal::Kind::client ? environment : domain::kSystemEnvironment);
}

Result<Principal> Authenticator::authenticate_key(std::string_view key,
                                                  std::optional<std::string_view> address) const {
  const auto state = model_.current(domain::kSystemEnvironment);
  const auto record = state->find_by_key<domain::ApiKey>(domain::hex(sha256(key)));
  if (record == nullptr) return unknown_key();
  auto who = principal_of(*record, clock_.wall_now(), address);
  if (who && last_use_ != nullptr) last_use_->note(domain::Kind::api_key, who->id);
  return who;
}

Result<auth::Claims> Authenticator::claims_of(std::string_view token,
                                              const std::optional<auth::Claims>& known) const {
  const UnixMillis now = clock_.wall_now();
  if (known && keys_.accepts(known->key) && now.value / 1'000 < known->expires_at) return *known;
  auto claims = auth::verify_token(keys_, token, now);
  if (claims) verified_.keep(token, *claims);
  return claims;
}

Result<Principal> Authenticator::authenticate(std::string_view token,
                                              std::optional<std::string_view> address) const {
  verifications_.add();
  if (is_api_key(token)) return authenticate_key(token, address);
  const auto known = verified_.find(token);
  if (!known && TrustedIssuers::is_foreign(token)) {
    auto who = authenticate_foreign(token);
    (who ? accepted_ : refused_).add();
    return who;
  }
  const auto claims = claims_of(token, known);
  if (!claims) return tl::unexpected(claims.error());
  const auto kind =
      claims->kind == domain::SubjectKind::client ? Principal::Kind::client : Principal::Kind::admin;
  const auto state = token_state(kind, claims->environment);
  if (state == nullptr || model_.current(claims->environment) == nullptr ||
      claims->environment == domain::kSystemEnvironment)
    return fail(Errc::token_invalid, "the token is not valid: its environment does not exist; get a new one");
  const auto record = state->find_by_key<domain::TokenRecord>(claims->jti);
  if (record == nullptr || record->revoked_at || record->subject_kind != claims->kind ||
      record->subject_id != claims->subject ||
      (kind == Principal::Kind::client && record->environment != claims->environment)) {
    return revoked();
  }
  auto who = principal_of(*record, claims->environment, *state);
  if (!who) return who;
  who->signing_key = claims->key;
  if (who->kind == Principal::Kind::admin) {  // the session lasts longer than its tokens
    who->expires_at = {claims->expires_at * 1'000};
    if (last_use_ != nullptr) last_use_->note(domain::Kind::token, who->token_id);
  }
  return who;
}

bool Authenticator::look_again(std::string_view token, std::function<void()> again) const {
  const bool looks = !is_api_key(token) && TrustedIssuers::is_foreign(token)
                         ? look_again_foreign(token, again)
                         : may_be_new(token) && signing_keys_.look_again(again);
  return looks || (has_come(token) && signing_keys_.look_again(std::move(again)));
}

// What the token lacked was not there when it was refused, and is there now.
bool Authenticator::has_come(std::string_view token) const {
  if (is_api_key(token)) {
    const UnixMillis now = clock_.wall_now();
    const auto key =
        model_.current(domain::kSystemEnvironment)->find_by_key<domain::ApiKey>(domain::hex(sha256(token)));
    return key != nullptr && key->created_at.value >= now.value - kNewSeconds * 1'000 &&
           principal_of(*key, now, std::nullopt).has_value();
  }
  return TrustedIssuers::is_foreign(token) ? authenticate_foreign(token).has_value()
                                           : authenticate(token).has_value();
}

Result<Principal> Authenticator::authenticate_foreign(std::string_view token) const {
  const auto valid = issuers_.verify(token);
  if (!valid) return tl::unexpected(valid.error());
  const auto state = model_.current(valid->environment);
  if (state == nullptr)
    return fail(Errc::token_invalid, "the token is not valid: its environment does not exist; get a new one");
  const auto* key = std::get_if<std::string>(&valid->claims.client);
  const auto client = key != nullptr
                          ? state->find_by_key<domain::Client>(*key)
                          : state->find<domain::Client>(std::get<domain::Id>(valid->claims.client));
  if (client == nullptr)
    return fail(Errc::token_invalid,
                "the token is not valid: it names no client of the environment " + valid->environment);
  Principal who;
  who.kind = Principal::Kind::client;
  who.id = client->id;
  who.environment = valid->environment;
  who.expires_at = {valid->claims.expires_at * 1'000};
  who.issued_by = valid->by;
  return recheck(who, *state, clock_.wall_now());
}

// The issuer, the client or the environment may be new in the store, and the key at the issuer.
bool Authenticator::look_again_foreign(std::string_view token, std::function<void()> again) const {
  const auto valid = issuers_.verify(token);
  if (!valid && !issuers_.is_unknown(token)) return issuers_.look_again(token, std::move(again));
  if (valid && valid->claims.issued_at < clock_.wall_now().value / 1'000 - kNewSeconds) return false;
  return signing_keys_.look_again([this, token = std::string(token), again = std::move(again)] {
    if (!issuers_.look_again(token, again)) again();
  });
}

bool Authenticator::may_be_new(std::string_view token) const {
  if (is_api_key(token)) {
    return token.size() == domain::kApiKeySize &&
           model_.current(domain::kSystemEnvironment)
                   ->find_by_key<domain::ApiKey>(domain::hex(sha256(token))) == nullptr;
  }
  const auto claims = auth::verify_token(keys_, token, clock_.wall_now());
  if (!claims) return auth::names_unknown_key(keys_, token);
  if (claims->issued_at < clock_.wall_now().value / 1'000 - kNewSeconds) return false;
  const auto kind =
      claims->kind == domain::SubjectKind::client ? Principal::Kind::client : Principal::Kind::admin;
  const auto state = token_state(kind, claims->environment);
  return state == nullptr || model_.current(claims->environment) == nullptr ||
         state->find_by_key<domain::TokenRecord>(claims->jti) == nullptr;
}

Result<Principal> Authenticator::recheck(const Principal& who) const {
  if (who.kind == Principal::Kind::system) return who;
  const auto state = token_state(who.kind, who.environment);
  if (state == nullptr) return revoked();
  return recheck_in(who, *state);
}

Result<Principal> Authenticator::recheck_in(const Principal& who, const domain::Snapshot& state,
                                            std::optional<std::string_view> address) const {
  if (who.issued_by == nullptr && !accepts_key_of(who)) return revoked();
  if (who.issued_by != nullptr && !issuers_.trusts(*who.issued_by)) return withdrawn_issuer();
  return recheck(who, state, clock_.wall_now(), address);
}

Result<Principal> Authenticator::recheck(const Principal& who, const domain::Snapshot& state, UnixMillis now,
                                         std::optional<std::string_view> address) {
  if (who.kind == Principal::Kind::system) return who;
  if (who.kind == Principal::Kind::machine) {
    const auto key = state.find<domain::ApiKey>(who.id);
    return key == nullptr ? unknown_key() : principal_of(*key, now, address);
  }
  if (who.issued_by != nullptr) {
    const auto client = state.find<domain::Client>(who.id);
    if (client == nullptr || is_too_old(*client, {who.issued_by->issued_at * 1'000})) return revoked();
    if (who.expires_at <= now) return fail(Errc::token_expired, "the token expired; get a new one");
    Principal still = who;
    still.name = client->key;
    return still;
  }
  const auto record = state.find<domain::TokenRecord>(who.token_id);
  if (record == nullptr || record->revoked_at) return revoked();
  const bool ends_before = who.kind == Principal::Kind::admin && who.expires_at != UnixMillis{};
  const UnixMillis end = ends_before ? std::min(who.expires_at, record->expires_at) : record->expires_at;
  if (end <= now) return fail(Errc::token_expired, "the token expired; get a new one");
  const bool elsewhere = who.kind == Principal::Kind::admin && !who.environment.empty();
  auto still = principal_of(*record, elsewhere ? who.environment : record->environment, state);
  if (!still) return still;
  still->signing_key = who.signing_key;
  if (ends_before) still->expires_at = end;
  return still;
}

}  // namespace togglecast::service
