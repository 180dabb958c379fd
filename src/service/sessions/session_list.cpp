#include "service/sessions/session_list.hpp"

#include <algorithm>
#include <utility>

#include "changes/ops.hpp"
#include "changes/worker_pool.hpp"
#include "domain/schema/environment.hpp"
#include "service/accounts/session_builds.hpp"
#include "service/accounts/submit_write.hpp"

namespace togglecast::service {
namespace {

using domain::AdminUser;
using domain::TokenRecord;
using SessionPtr = std::shared_ptr<const TokenRecord>;

constexpr std::chrono::hours kPruneEvery{1};

std::string home_of_sessions() { return std::string(domain::kSystemEnvironment); }

UnixMillis use_of(const TokenRecord& session, const LastUse::Known& known) {
  const auto found = known.find({TokenRecord::kKind, session.id});
  return found == known.end() ? session.created_at : std::max(session.created_at, found->second.used_at);
}

Result<void> only_admins(const Principal& who) {
  if (who.kind == Principal::Kind::admin) return {};
  return fail(Errc::forbidden, "only an admin has sessions");
}

}  // namespace

Result<domain::Id> SessionList::whose(const Principal& who, domain::Id admin, auth::Action others) const {
  if (auto ok = only_admins(who); !ok) return tl::unexpected(ok.error());
  if (admin == 0 || admin == who.id) return who.id;
  if (auto allowed = require(who, others); !allowed) return tl::unexpected(allowed.error());
  if (model_.current(domain::kSystemEnvironment)->find<AdminUser>(admin) == nullptr)
    return fail(Errc::not_found, "there is no admin " + std::to_string(admin));
  return admin;
}

bool SessionList::lives(const TokenRecord& session, UnixMillis used_at, UnixMillis now) const {
  return !session.revoked_at && session.expires_at > now &&
         used_at.value + std::chrono::milliseconds(options_.idle).count() > now.value;
}

void SessionList::list(const Principal& who, domain::Id admin, Listed done) const {
  const auto of = whose(who, admin, auth::Action::read_admins);
  if (!of) return done(tl::unexpected(of.error()));
  const bool reading =
      reader_.submit([this, of = *of, current = who.token_id, done](storage::Reader& reader) {
        const auto known = last_use_.read(reader);
        if (!known) return done(tl::unexpected(known.error()));
        const UnixMillis now = clock_.wall_now();
        std::vector<ShownSession> all;
        for (const SessionPtr& one :
             model_.current(domain::kSystemEnvironment)->tokens_of(domain::SubjectKind::admin, of)) {
          const UnixMillis used_at = use_of(*one, *known);
          if (lives(*one, used_at, now)) all.push_back({one, used_at, one->expires_at, one->id == current});
        }
        std::reverse(all.begin(), all.end());
        done(std::move(all));
      });
  if (!reading) done(changes::busy("too many requests are reading the store; try again"));
}

void SessionList::end(const Principal& who, domain::Id session, const WriteOptions& options,
                      changes::Done done) {
  if (auto ok = only_admins(who); !ok) return done(tl::unexpected(ok.error()));
  const auto record = model_.current(domain::kSystemEnvironment)->find<TokenRecord>(session);
  const bool others = record != nullptr && record->subject_id != who.id;
  // Ids of others' sessions are no secret, and still nobody but owners is told of them.
  if (record == nullptr || record->subject_kind != domain::SubjectKind::admin ||
      (others && !who.may(auth::Action::manage_admins)))
    return done(fail(Errc::not_found, "there is no session " + std::to_string(session)));
  auto idempotency = idempotency_of(who, options, "session end " + std::to_string(session), nullptr);
  if (!idempotency) return done(tl::unexpected(idempotency.error()));
  committer_.submit(
      {home_of_sessions(), actor_of(who, options), std::move(*idempotency), build_logout(session)},
      std::move(done));
}

void SessionList::end_all(const Principal& who, domain::Id admin, bool keep_current,
                          const WriteOptions& options, changes::Done done) {
  const auto of = whose(who, admin, auth::Action::manage_admins);
  if (!of) return done(tl::unexpected(of.error()));
  auto idempotency = idempotency_of(who, options, "sessions end " + std::to_string(*of), keep_current);
  if (!idempotency) return done(tl::unexpected(idempotency.error()));
  committer_.submit({home_of_sessions(), actor_of(who, options), std::move(*idempotency),
                     build_sessions_end(*of, keep_current ? who.token_id : 0)},
                    std::move(done));
}

void SessionList::prune_due() {
  const TimePoint now = clock_.now();
  if (pruned_at_ && now - *pruned_at_ < kPruneEvery) return;
  pruned_at_ = now;
  prune();
}

void SessionList::prune() {
  std::ignore = reader_.submit([this](storage::Reader& reader) {
    const auto known = last_use_.read(reader);
    if (!known) return;
    const UnixMillis now = clock_.wall_now();
    std::vector<domain::Id> over;
    model_.current(domain::kSystemEnvironment)
        ->table<TokenRecord>()
        .by_id.for_each([&](domain::Id id, const SessionPtr& one) {
          if (one->subject_kind == domain::SubjectKind::admin && !lives(*one, use_of(*one, *known), now))
            over.push_back(id);
        });
    if (over.empty()) return;
    committer_.submit(
        changes::own_write(home_of_sessions(), changes::Source::timer, build_prune(std::move(over))),
        [](const Result<changes::Written>&) {});  // the next one removes what is left
  });
}

}  // namespace togglecast::service
