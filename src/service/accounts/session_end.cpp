#include "service/accounts/session_end.hpp"

#include <algorithm>

#include "service/duties/duties.hpp"

namespace togglecast::service {
namespace {

// The record of an admin's session is gone. What else the same change did tells why.
SessionEnd end_of_admin_session(const Principal& who, const domain::AdminUser& admin,
                                const domain::Snapshot& state) {
  if (admin.revision == state.revision())
    return {"password_changed", "the password was changed; log in with the new one"};
  const auto sessions = state.tokens_of(domain::SubjectKind::admin, who.id);
  const bool replaced = std::any_of(sessions.begin(), sessions.end(), [&](const auto& session) {
    return session->id > who.token_id && session->revision == state.revision();
  });
  if (replaced)
    return {"too_many_sessions", "a newer login took the place of this session, the oldest; log in again"};
  return {"logged_out", "this session was logged out"};
}

}  // namespace

SessionEnd end_of_session(const Principal& who, const domain::Snapshot& state, UnixMillis now) {
  if (who.kind == Principal::Kind::machine) {
    const auto key = state.find<domain::ApiKey>(who.id);
    if (key == nullptr) return {"api_key_revoked", "the API key was revoked"};
    if (!key->active) return {"api_key_deactivated", "an owner deactivated the API key"};
    if (!auth::allows(key->scopes, auth::Action::follow_changes))
      return {"api_key_changed", "the API key has lost the scope stream"};
    return {"api_key_changed", "the API key may not be used from this address any more"};
  }
  const auto record = state.find<domain::TokenRecord>(who.token_id);
  if (who.kind == Principal::Kind::client && state.find<domain::Client>(who.id) == nullptr)
    return {"client_deleted", "the client was deleted"};
  if (who.kind == Principal::Kind::admin) {
    const auto admin = state.find<domain::AdminUser>(who.id);
    if (admin == nullptr) return {"account_deleted", "the account was deleted"};
    if (!admin->active) return {"account_deactivated", "an owner deactivated the account"};
    if (admin->standing_in(who.environment).here() == domain::Role::none)
      return {"role_removed", "this account has no role in this environment any more"};
    if (record != nullptr && duty_of(*admin, state) == auth::Duty::second_factor)
      return {"second_factor_setup_required",
              "the settings now require a second factor; log in and set one up"};
    if (record == nullptr) return end_of_admin_session(who, *admin, state);
  }
  if (record != nullptr && record->end == domain::kRefreshTokenReused)
    return {domain::kRefreshTokenReused,
            "a refresh token of this session was used a second time, by somebody else or by mistake; log in "
            "again"};
  if (record != nullptr && !record->revoked_at && record->expires_at <= now)
    return {"token_expired", "the token expired; get a new one"};
  return {"token_revoked", "the token was withdrawn; get a new one"};
}

}  // namespace togglecast::service
