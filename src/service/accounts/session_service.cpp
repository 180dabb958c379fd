#include "service/accounts/session_service.hpp"

#include <algorithm>
#include <utility>

#include "auth/refresh_token.hpp"
#include "auth/token_codec.hpp"
#include "base/control_characters.hpp"
#include "base/utf8.hpp"
#include "changes/actor.hpp"
#include "domain/schema/environment.hpp"
#include "domain/schema/fields.hpp"
#include "service/accounts/authenticator.hpp"
#include "service/accounts/session_builds.hpp"
#include "service/accounts/submit_write.hpp"
#include "service/duties/duties.hpp"

namespace togglecast::service {
namespace {

using domain::TokenRecord;

// One line for people: a header may contain any bytes.
std::string one_line(std::string_view bytes, std::size_t most) {
  std::string text = replace_invalid_utf8(bytes.substr(0, most));
  while (const auto control = find_control_character(text)) text.replace(control->at, control->length, " ");
  while (text.size() > most) text.pop_back();
  while (!is_valid_utf8(text)) text.pop_back();
  return text;
}

std::string where_sessions_live() { return std::string(domain::kSystemEnvironment); }

storage::UsedEntity used_entity(const TokenRecord& session) { return {TokenRecord::kKind, session.id}; }

Error session_over() { return {Errc::revoked, "this session has ended; log in again", {}}; }

Error session_reused() {
  return {Errc::revoked, "this refresh token was used before, so its session was ended; log in again", {}};
}

// Its admin as it is now, with the errors of a token of this session.
Result<Principal> holder_of(const TokenRecord& session, const std::string& environment,
                            const domain::Snapshot& state, UnixMillis now) {
  Principal holder;
  holder.environment = environment;
  holder.kind = Principal::Kind::admin;
  holder.id = session.subject_id;
  holder.token_id = session.id;
  auto who = Authenticator::recheck(holder, state, now);
  if (!who && who.error().code == Errc::token_expired)
    return fail(Errc::token_expired, "this session has lasted as long as one may; log in again");
  if (!who && who.error().code == Errc::revoked) return tl::unexpected(session_over());
  if (!who && who.error().code == Errc::forbidden)
    who.error().details.push_back({"/environment", "the account has no role there"});
  return who;
}

constexpr std::array<const char*, 4> kOutcomes{"renewed", "repeated", "reused", "refused"};

}  // namespace

struct SessionService::Attempt {
  RefreshRequest request;
  LoginDone done;
  bool looked = false;  // in the store, for a session that this node does not know
  Session session{};
  std::int64_t generation = 0;  // of the refresh token
};

SessionService::SessionService(const Surroundings& surroundings, const SessionOptions& options)
    : around_(surroundings), options_(options), refreshes_(options.refreshes, "refreshes") {
  for (std::size_t i = 0; i < kOutcomes.size(); ++i)
    outcomes_[i] =
        &around_.metrics.counter("togglecast_session_refreshes_total", "Refresh tokens of admins by outcome.",
                                 {{"outcome", kOutcomes[i]}});
}

void SessionService::start(const domain::AdminUser& admin, const SessionStart& start,
                           const WriteOptions& options, LoginDone done) {
  // Only now: strangers learn nothing about environments.
  if (around_.model.current(start.environment) == nullptr || start.environment == domain::kSystemEnvironment)
    return done(fail_field("/environment", "is not known"));
  Principal who;
  who.kind = Principal::Kind::admin;
  who.id = admin.id;
  who.name = admin.username;
  const TokenOptions sessions{.per_subject = options_.per_admin, .keep_dead = std::chrono::hours{0}};
  SessionStart shown = start;
  shown.device = one_line(start.device, domain::kMaxDevice);
  shown.address = one_line(start.address, domain::kMaxName);
  std::chrono::seconds lifetime = start.longest.value_or(options_.longest);
  if (start.until) {
    const std::int64_t left = start.until->value - around_.clock.wall_now().value;
    lifetime = std::min(lifetime, std::chrono::seconds{left / 1'000 + 1});
  }
  changes::Build build = build_session(admin, shown, new_jti(around_.random), lifetime, sessions);
  auto idempotency = idempotency_of(who, options, "login " + start.environment, nullptr);
  if (!idempotency) return done(tl::unexpected(idempotency.error()));
  around_.committer.submit(
      {where_sessions_live(), actor_of(who, options), std::move(*idempotency), std::move(build)},
      [this, body = to_json(admin), done = std::move(done)](Result<changes::Written> written) {
        if (!written) return done(tl::unexpected(written.error()));
        const auto session = TokenRecord::from_json(written->body);
        if (!session) return done(tl::unexpected(session.error()));
        LoggedIn answer = welcome(*session, body, {session->environment, 1, session->created_at});
        if (!written->replayed) return done(std::move(answer));
        answer_replayed(*session, std::move(answer), done);
      });
}

// The session may have been refreshed since: then the first tokens are not those that open it now.
void SessionService::answer_replayed(const TokenRecord& session, LoggedIn answer, LoginDone done) {
  const UnixMillis now = around_.clock.wall_now();
  const auto state = around_.model.current(domain::kSystemEnvironment);
  if (auto valid = check_replayed(session, *state, *state, now); !valid)
    return done(tl::unexpected(valid.error()));
  const bool reading = around_.reader.submit([this, session, now, done, body = std::move(answer.admin),
                                              first = answer.expires_at](storage::Reader& reader) {
    const auto usage = reader.usage().of(where_sessions_live(), used_entity(session));
    if (!usage) return done(tl::unexpected(usage.error()));
    const std::int64_t generation = usage->generation.number;
    LoggedIn again =
        welcome(session, body,
                {session.environment, generation, generation == 1 && first > now ? session.created_at : now});
    again.replayed = true;
    done(std::move(again));
  });
  if (!reading) done(changes::busy("too many logins at once; try again"));
}

LoggedIn SessionService::welcome(const TokenRecord& session, json::value admin, const Next& next) const {
  auth::Claims claims = auth::claims_of(session, next.at, options_.token);
  claims.environment = next.environment;
  LoggedIn answer;
  answer.admin = std::move(admin);
  answer.environment = next.environment;
  answer.session = session.id;
  answer.expires_at = {claims.expires_at * 1'000};
  answer.token = auth::sign_token(*around_.keys.current(next.at), claims);
  answer.session_expires_at = session.expires_at;
  answer.refresh_token = auth::refresh_token(around_.keys, session, next.generation);
  const auto state = around_.model.current(domain::kSystemEnvironment);
  if (const auto* account = state->peek<domain::AdminUser>(session.subject_id); account != nullptr)
    answer.duty = duty_of(*account, *state);
  return answer;
}

void SessionService::refresh(RefreshRequest request, LoginDone done) {
  check(std::make_shared<Attempt>(Attempt{std::move(request), std::move(done)}));
}

void SessionService::refuse(const AttemptPtr& attempt, Error error, Outcome outcome) {
  outcomes_[static_cast<std::size_t>(outcome)]->add();
  attempt->done(tl::unexpected(std::move(error)));
}

void SessionService::check(const AttemptPtr& attempt) {
  const auto claim = auth::parse_refresh_token(attempt->request.token.reveal());
  if (!claim)
    return refuse(attempt, {Errc::token_invalid, "the refresh token is not valid; log in again", {}});
  const auto state = around_.model.current(domain::kSystemEnvironment);
  const auto session = state->find<TokenRecord>(claim->session);
  if (session == nullptr) {
    // Another node may have begun it a moment ago.
    const bool looks = !std::exchange(attempt->looked, true) &&
                       around_.signing_keys.look_again([this, attempt] { check(attempt); });
    if (!looks) refuse(attempt, session_over());
    return;
  }
  if (!auth::is_genuine(around_.keys, *session, *claim))
    return refuse(attempt, {Errc::token_invalid, "the refresh token is not valid; log in again", {}});
  if (session->end == domain::kRefreshTokenReused) return refuse(attempt, session_reused());
  if (attempt->request.environment.empty()) attempt->request.environment = session->environment;
  if (auto known = check_environment(*attempt); !known) {
    const bool looks = !std::exchange(attempt->looked, true) &&
                       around_.signing_keys.look_again([this, attempt] { check(attempt); });
    if (!looks) refuse(attempt, known.error());
    return;
  }
  const auto who = holder_of(*session, attempt->request.environment, *state, around_.clock.wall_now());
  if (!who) return refuse(attempt, who.error());
  attempt->session = session;
  attempt->generation = claim->generation;
  const bool reading = around_.reader.submit([this, attempt](storage::Reader& reader) {
    const auto usage = reader.usage().of(where_sessions_live(), used_entity(*attempt->session));
    if (!usage) return refuse(attempt, usage.error());
    judge(attempt, *usage);
  });
  if (!reading) refuse(attempt, changes::busy("too many logins at once; try again").value());
}

// Only those who have a refresh token learn it.
Result<void> SessionService::check_environment(const Attempt& attempt) const {
  const std::string& environment = attempt.request.environment;
  if (environment != domain::kSystemEnvironment && around_.model.current(environment) != nullptr) return {};
  return fail_field("/environment", "is not known");
}

void SessionService::judge(const AttemptPtr& attempt, const storage::Usage& usage) {
  const UnixMillis now = around_.clock.wall_now();
  const UnixMillis last = std::max(usage.used_at, attempt->session->created_at);
  if (last.value + std::chrono::milliseconds(options_.idle).count() <= now.value)
    return refuse(attempt, {Errc::token_expired, "this session was not used for too long; log in again", {}});
  if (usage.generation.number != attempt->generation) return judge_used(attempt, usage.generation);
  if (auto taken = refreshes_.take(attempt->session->subject_id, around_.clock.now()); !taken) {
    around_.log.limit("refreshes", {"admin_id", attempt->session->subject_id});
    return refuse(attempt, taken.error());
  }
  exchange(attempt);
}

void SessionService::exchange(const AttemptPtr& attempt) {
  const bool taken = around_.committer.submit_task([this, attempt](storage::Store& store) {
    const auto advanced = store.usage().advance(where_sessions_live(), used_entity(*attempt->session),
                                                attempt->generation, around_.clock.wall_now());
    if (!advanced)
      return refuse(attempt, advanced.error().code == Errc::not_found ? session_over() : advanced.error());
    if (!advanced->taken) return judge_used(attempt, advanced->generation);
    finish(attempt, Outcome::renewed, advanced->generation.number);
  });
  if (!taken) refuse(attempt, changes::busy("too many requests at once; try again").value());
}

void SessionService::judge_used(const AttemptPtr& attempt, const storage::Generation& newest) {
  // The store has lost the exchange: it was restored from a backup.
  if (attempt->generation > newest.number) return refuse(attempt, session_over());
  const auto since = around_.clock.wall_now().value - newest.at.value;
  if (attempt->generation == newest.number - 1 && since < std::chrono::milliseconds(options_.leeway).count())
    return finish(attempt, Outcome::repeated, newest.number);
  end_reused(attempt);
}

void SessionService::end_reused(const AttemptPtr& attempt) {
  around_.committer.submit({where_sessions_live(), changes::server_actor(changes::Source::rest), std::nullopt,
                            build_reuse(attempt->session->id)},
                           [this, attempt](const Result<changes::Written>& written) {
                             if (!written) return refuse(attempt, written.error());
                             around_.log.warn("a refresh token was used a second time; its session has ended",
                                              {{"session", attempt->session->id},
                                               {"admin_id", attempt->session->subject_id},
                                               {"address", attempt->request.address}});
                             refuse(attempt, session_reused(), Outcome::reused);
                           });
}

void SessionService::finish(const AttemptPtr& attempt, Outcome outcome, std::int64_t generation) {
  const auto admin = around_.model.current(domain::kSystemEnvironment)
                         ->find<domain::AdminUser>(attempt->session->subject_id);
  if (admin == nullptr) return refuse(attempt, session_over());
  outcomes_[static_cast<std::size_t>(outcome)]->add();
  attempt->done(welcome(*attempt->session, to_json(*admin),
                        {attempt->request.environment, generation, around_.clock.wall_now()}));
}

}  // namespace togglecast::service
