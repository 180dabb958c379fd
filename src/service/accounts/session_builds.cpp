#include "service/accounts/session_builds.hpp"

#include <algorithm>
#include <utility>

#include "changes/ops.hpp"

namespace togglecast::service {
namespace {

using domain::AdminUser;
using domain::SubjectKind;
using domain::TokenRecord;

// Who has proven a password learns where it has a role.
Result<void> check_role_in(const AdminUser& admin, const std::string& environment) {
  if (admin.standing_in(environment).here() != domain::Role::none) return {};
  std::string others;
  for (const auto& [name, role] : admin.environments)
    if (role != domain::Role::none) others.append(others.empty() ? "" : ", ").append(name);
  std::string message = "'" + admin.username + "' has no role in the environment '" + environment + "'";
  if (!others.empty()) message += ", only in " + others;
  return fail(Errc::forbidden, message + "; an owner can give it one");
}

}  // namespace

changes::Build build_session(const AdminUser& admin, const SessionStart& start, std::string jti,
                             std::chrono::seconds lifetime, TokenOptions options) {
  return [admin = admin.id, checked = admin.password_changed_at, start, jti = std::move(jti), lifetime,
          options](changes::WriteContext& context) -> Result<changes::Draft> {
    const auto now = context.state().find<AdminUser>(admin);
    if (now == nullptr || !now->active || now->password_changed_at != checked)
      return fail(Errc::unauthenticated, "wrong username or password");
    if (auto ok = check_role_in(*now, start.environment); !ok) return tl::unexpected(ok.error());
    TokenRecord record;
    record.jti = jti;
    record.subject_kind = SubjectKind::admin;
    record.subject_id = admin;
    record.environment = start.environment;
    record.label = "login";
    record.device = start.device;
    record.address = start.address;
    record.method = start.method;
    record.expires_at = {(context.at().value + std::chrono::milliseconds(lifetime).count()) / 1'000 * 1'000};
    changes::Draft draft;
    if (auto added =
            add_token(draft, std::move(record), options, WhenFull::drop_oldest, context.state(), context);
        !added)
      return tl::unexpected(added.error());
    if (start.also) {
      if (auto ok = start.also(context, draft); !ok) return tl::unexpected(ok.error());
    }
    return draft;
  };
}

changes::Build build_reuse(domain::Id session) {
  return [session](changes::WriteContext& context) -> Result<changes::Draft> {
    const auto before = context.state().find<TokenRecord>(session);
    changes::Draft draft{TokenRecord::kKind, session, {}, {}};
    if (before == nullptr || before->revoked_at) return draft;
    TokenRecord after = *before;
    after.revoked_at = context.at();
    after.end = domain::kRefreshTokenReused;
    // The feed shows accounts and no sessions, so the account says it.
    const auto admin = context.state().find<AdminUser>(before->subject_id);
    if (admin == nullptr) return draft;
    AdminUser warned = *admin;
    warned.refresh_token_reused_at = context.at();
    draft = changes::draft_about(*admin, changes::update_op(*admin, std::move(warned), context));
    if (auto op = changes::update_op(*before, std::move(after), context)) draft.ops.push_back(*std::move(op));
    return draft;
  };
}

changes::Build build_logout(domain::Id token) {
  return [token](changes::WriteContext& context) -> Result<changes::Draft> {
    const auto before = context.state().find<TokenRecord>(token);
    changes::Draft draft{TokenRecord::kKind, token, {}, {}};
    if (before != nullptr) draft.ops.push_back(changes::delete_op(*before));
    return draft;
  };
}

changes::Build build_sessions_end(domain::Id admin, domain::Id keep) {
  return [admin, keep](changes::WriteContext& context) -> Result<changes::Draft> {
    changes::Draft draft{AdminUser::kKind, admin, {}, {}};
    for (const auto& session : context.state().tokens_of(SubjectKind::admin, admin))
      if (session->id != keep) draft.ops.push_back(changes::delete_op(*session));
    return draft;
  };
}

changes::Build build_prune(std::vector<domain::Id> sessions) {
  return [sessions = std::move(sessions)](changes::WriteContext& context) -> Result<changes::Draft> {
    changes::Draft draft{TokenRecord::kKind, sessions.front(), {}, {}};
    for (const domain::Id id : sessions)
      if (const auto record = context.state().find<TokenRecord>(id); record != nullptr)
        draft.ops.push_back(changes::delete_op(*record));
    return draft;
  };
}

}  // namespace togglecast::service
