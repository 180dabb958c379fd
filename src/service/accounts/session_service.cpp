#include "service/accounts/session_service.hpp"

#include "base/control_characters.hpp"
#include "base/utf8.hpp"
#include "domain/schema/environment.hpp"
#include "domain/schema/fields.hpp"
#include "service/accounts/admin_builds.hpp"
#include "service/accounts/submit_write.hpp"

namespace togglecast::service {
namespace {

// One line for people: a header may contain any bytes.
std::string one_line(std::string_view bytes, std::size_t most) {
  std::string text = replace_invalid_utf8(bytes.substr(0, most));
  while (const auto control = find_control_character(text)) text.replace(control->at, control->length, " ");
  while (text.size() > most) text.pop_back();
  while (!is_valid_utf8(text)) text.pop_back();
  return text;
}

}  // namespace

void SessionService::start(const domain::AdminUser& admin, const SessionStart& start,
                           const WriteOptions& options, LoginDone done) {
  // Only now: strangers learn nothing about environments.
  if (model_.current(start.environment) == nullptr || start.environment == domain::kSystemEnvironment)
    return done(fail_field("/environment", "is not known"));
  Principal who;
  who.kind = Principal::Kind::admin;
  who.id = admin.id;
  who.name = admin.username;
  const TokenOptions sessions{.per_subject = options_.per_admin, .keep_dead = std::chrono::hours{0}};
  const SessionStart shown{start.environment, one_line(start.device, domain::kMaxDevice),
                           one_line(start.address, domain::kMaxName)};
  changes::Build build =
      build_session(admin, shown, new_jti(random_), start.longest.value_or(options_.longest), sessions);
  auto idempotency = idempotency_of(who, options, "login " + start.environment, nullptr);
  if (!idempotency) return done(tl::unexpected(idempotency.error()));
  committer_.submit({std::string(domain::kSystemEnvironment), actor_of(who, options), std::move(*idempotency),
                     std::move(build)},
                    [this, body = to_json(admin), done = std::move(done)](Result<changes::Written> written) {
                      if (!written) return done(tl::unexpected(written.error()));
                      const auto issued = sign_written(
                          keys_, *written, *model_.current(domain::kSystemEnvironment), clock_.wall_now());
                      if (!issued) return done(tl::unexpected(issued.error()));
                      const auto record = domain::TokenRecord::from_json(issued->record);
                      if (!record) return done(tl::unexpected(record.error()));
                      done(LoggedIn{body, record->expires_at, issued->token, written->replayed});
                    });
}

}  // namespace togglecast::service
