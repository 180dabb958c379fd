// Logins with a password, and the proof of one. The rest of AdminService is in admin_service.cpp.
#include <utility>

#include "base/base64.hpp"
#include "base/digest.hpp"
#include "changes/ops.hpp"
#include "domain/schema/environment.hpp"
#include "service/accounts/admin_service.hpp"
#include "service/accounts/submit_write.hpp"
#include "service/duties/duties.hpp"

namespace togglecast::service {
namespace {

tl::unexpected<Error> wrong_login() { return fail(Errc::unauthenticated, "wrong username or password"); }

tl::unexpected<Error> code_is_missing() {
  Error error{Errc::unauthenticated,
              "the password is right; send a code of the second factor, too, as the member code",
              {}};
  error.details.push_back({"/code", "is missing"});
  return tl::unexpected(std::move(error));
}

tl::unexpected<Error> first_password_expired(const domain::AdminUser& admin) {
  return fail(
      Errc::forbidden,
      "the first password of '" + admin.username +
          "' was not changed within a day and opens nothing any more; an operator sets a new one with "
          "togglecast admin passwd, while the server is stopped");
}

}  // namespace

auth::LoginAttempt AdminService::attempt_at(const std::string& account, bool exists,
                                            const std::string& address) {
  const Sha256 digest = sha256(account);
  return {base64url_encode({reinterpret_cast<const char*>(digest.data()), digest.size()}), exists, address};
}

// What else the commit of a login does: the code is used, and a hash of less work is replaced.
Result<SessionStart> AdminService::with_factor(const domain::AdminUser& admin, const Login& login,
                                               Secret stronger) {
  SessionStart session = login.session;
  const auto state = model_.current(domain::kSystemEnvironment);
  const auto factor = state->find_by_key<domain::SecondFactor>(admin.username);
  const bool needs_code = factor != nullptr && factor->confirmed_at.has_value();
  if (needs_code) {
    if (login.code.empty()) return code_is_missing();
    if (auto proven = codes_.prove(*factor, login.code, login.throttled_as); !proven)
      return tl::unexpected(proven.error());
  }
  session.also = [this, id = admin.id, name = admin.username, needs_code, code = login.code,
                  now = clock_.wall_now(), stronger = std::move(stronger)](
                     changes::WriteContext& context, changes::Draft& draft) -> Result<void> {
    if (!stronger.empty()) draft.secrets.push_back({domain::AdminUser::kKind, id, stronger});
    const auto newest = context.state().find_by_key<domain::SecondFactor>(name);
    if (newest == nullptr || !newest->confirmed_at) return {};
    if (!needs_code)
      return fail(Errc::unauthenticated, "this account has just got a second factor; log in again");
    auto after = codes_.use(*newest, code, now);
    if (!after) return tl::unexpected(after.error());
    if (auto op = changes::update_op(*newest, *std::move(after), context))
      draft.ops.push_back(*std::move(op));
    return {};
  };
  return session;
}

void AdminService::login(const Login& login, const WriteOptions& options, LoginDone done) {
  if (auto key = idempotency_of({}, options, {}, nullptr); !key) return done(tl::unexpected(key.error()));
  if (!domain::is_username(login.username) || login.password.reveal().size() > auth::kMaxPassword)
    return done(wrong_login());
  if (!settings_of(*model_.current(domain::kSystemEnvironment)).password_login)
    return done(fail(Errc::forbidden, "logins with a password are switched off; log in with OpenID Connect"));
  const auto admin = account(login.username);
  check_password(admin, attempt_at(login.username, admin != nullptr, login.throttled_as), login.password,
                 [this, admin, login, options, done](Result<Checked> checked) {
                   if (!checked) return done(tl::unexpected(checked.error()));
                   if (!checked->matches) return done(wrong_login());
                   const auto expires = admin->password_expires_at;
                   const UnixMillis now = clock_.wall_now();
                   if (expires && now >= *expires) return done(first_password_expired(*admin));
                   auto session = with_factor(*admin, login, std::move(checked->stronger));
                   if (!session) return done(tl::unexpected(session.error()));
                   session->until = expires;
                   sessions_.start(*admin, *session, options, done);
                 });
}

void AdminService::prove_password(const Principal& who, const Secret& password,
                                  std::function<void(Result<void>)> next) {
  const auto admin = account(who.name);
  if (admin != nullptr && admin->identity)
    return next(fail(Errc::conflict, "this account logs in with OpenID Connect and has no password"));
  check_password(admin, attempt_at(who.name, admin != nullptr, {}), password,
                 [next = std::move(next)](Result<Checked> checked) {
                   if (!checked) return next(tl::unexpected(checked.error()));
                   if (!checked->matches) return next(fail(Errc::unauthenticated, "the password is wrong"));
                   next({});
                 });
}

}  // namespace togglecast::service
