#include "service/accounts/admin_builds.hpp"

#include "changes/ops.hpp"
#include "domain/schema/fields.hpp"
#include "domain/schema/sent_back.hpp"

namespace togglecast::service {
namespace {

using domain::AdminUser;
using domain::SubjectKind;
using domain::TokenRecord;

constexpr std::size_t kMaxAdmins = 1'000;

Result<std::shared_ptr<const AdminUser>> admin_named(const changes::WriteContext& context,
                                                     const std::string& username) {
  auto found = context.state().find_by_key<AdminUser>(username);
  if (found == nullptr) return fail(Errc::not_found, "there is no admin '" + username + "'");
  return found;
}

// `conflict` when `admin` is the only active owner.
Result<void> check_not_last_owner(const changes::WriteContext& context, const AdminUser& admin) {
  std::size_t others = 0;
  context.state().table<AdminUser>().by_id.for_each([&](domain::Id id, const auto& one) {
    if (id != admin.id && one->role == domain::Role::owner && one->active) ++others;
  });
  if (admin.role == domain::Role::owner && admin.active && others == 0)
    return fail(Errc::conflict,
                "'" + admin.username + "' is the only active owner; make another admin an owner first");
  return {};
}

// Owners cannot lock themselves out, and a stolen session cannot take over its account.
Result<void> check_not_self(domain::Id who, domain::Id admin, std::string_view deed) {
  if (who != admin) return {};
  return fail(Errc::forbidden, "admins cannot " + std::string(deed) + "; ask another owner to do it");
}

// `password_changed_at` increases with each new password, even twice within a millisecond.
void note_new_password(AdminUser& admin, UnixMillis at) {
  if (at <= admin.password_changed_at) at.value = admin.password_changed_at.value + 1;
  admin.password_changed_at = at;
  admin.password_expires_at.reset();
}

// The read-only members that came with a patch must say nothing new.
Result<void> check_sent_back(const AdminUser& admin, std::int64_t epoch, const json::object& sent) {
  if (sent.empty()) return {};
  const auto changed = domain::without_unchanged(to_json(admin), epoch, json::value(sent));
  if (!changed) return tl::unexpected(changed.error());
  domain::FieldReader in(*changed);
  in.deny({"username"}, "cannot be changed");
  in.deny({"id", "created_at", "password_changed_at", "password_expires_at", "second_factor_at",
           "refresh_token_reused_at", "provider", "issuer", "subject"},
          "is set by the server");
  return in.finish();
}

void give_roles(AdminUser& admin, const EnvironmentRoles& roles) {
  for (const auto& [environment, role] : roles) {
    if (role) {
      admin.environments.insert_or_assign(environment, *role);
    } else {
      admin.environments.erase(environment);
    }
  }
}

Result<void> check_roles(const AdminUser& admin) {
  if (admin.environments.size() > domain::kMaxEnvironmentRoles)
    return fail_field("/environments",
                      "may name at most " + std::to_string(domain::kMaxEnvironmentRoles) + " environments");
  if (admin.role == domain::Role::owner && !admin.environments.empty())
    return fail_field("/environments",
                      "must be empty for an owner of the installation, who is an owner in every environment");
  return {};
}

// A password beside the provider would be a second way in, which the provider cannot close.
Result<void> check_has_password(const AdminUser& admin) {
  if (!admin.identity) return {};
  return fail(Errc::conflict, "'" + admin.username + "' logs in with OpenID Connect and has no password");
}

void withdraw_tokens(changes::Draft& draft, const changes::WriteContext& context, domain::Id admin,
                     domain::Id keep) {
  for (const auto& token : context.state().tokens_of(SubjectKind::admin, admin))
    if (token->id != keep) draft.ops.push_back(changes::delete_op(*token));
}

}  // namespace

changes::Build build_new_admin(NewAdmin wanted, Secret hash) {
  return [wanted = std::move(wanted),
          hash = std::move(hash)](changes::WriteContext& context) -> Result<changes::Draft> {
    const std::string& username = wanted.username;
    const auto& table = context.state().table<AdminUser>();
    if (table.by_key.find(username) != nullptr) {
      Error taken{Errc::already_exists, "there is already an admin '" + username + "'", {}};
      taken.details.push_back({"/username", "is taken"});
      return tl::unexpected(std::move(taken));
    }
    if (table.by_id.size() >= kMaxAdmins)
      return fail(Errc::conflict,
                  "there may be at most " + std::to_string(kMaxAdmins) + " admins; delete one first");
    const auto id = context.next_id(AdminUser::kKind);
    if (!id) return tl::unexpected(id.error());
    AdminUser admin;
    admin.username = username;
    admin.role = wanted.role;
    admin.active = wanted.active;
    give_roles(admin, wanted.environments);
    if (auto ok = check_roles(admin); !ok) return tl::unexpected(ok.error());
    admin.password_changed_at = context.at();
    admin.password_expires_at = wanted.password_expires_at;
    return changes::Draft{
        AdminUser::kKind, *id, {changes::create_op(admin, *id, context)}, {{AdminUser::kKind, *id, hash}}};
  };
}

changes::Build build_password(std::string username, Secret hash, domain::Id keep_token,
                              const domain::IfMatch& if_match, std::optional<UnixMillis> checked) {
  return [username = std::move(username), hash = std::move(hash), keep_token, if_match,
          checked](changes::WriteContext& context) -> Result<changes::Draft> {
    const auto named = admin_named(context, username);
    if (!named) return tl::unexpected(named.error());
    const auto before = changes::subject<AdminUser>(context, (*named)->id, if_match);
    if (!before) return tl::unexpected(before.error());
    if (auto ok = check_has_password(**before); !ok) return tl::unexpected(ok.error());
    AdminUser after = **before;
    if (checked && after.password_changed_at != *checked)
      return fail(Errc::unauthenticated, "the password has changed in the meantime; log in with the new one");
    note_new_password(after, context.at());
    changes::Draft draft =
        changes::draft_about(**before, changes::update_op(**before, std::move(after), context));
    draft.secrets.push_back({AdminUser::kKind, draft.id, hash});
    withdraw_tokens(draft, context, draft.id, keep_token);
    return draft;
  };
}

changes::Build build_admin_patch(domain::Id who, domain::Id admin, const AdminPatch& patch, Secret hash,
                                 const domain::IfMatch& if_match) {
  return [who, admin, role = patch.role, environments = patch.environments, merges = patch.merges,
          active = patch.active, sent = patch.sent_back, hash = std::move(hash),
          if_match](changes::WriteContext& context) -> Result<changes::Draft> {
    const auto before = changes::subject<AdminUser>(context, admin, if_match);
    if (!before) return tl::unexpected(before.error());
    if (auto ok = check_sent_back(**before, context.state().head().epoch, sent); !ok)
      return tl::unexpected(ok.error());
    AdminUser after = **before;
    after.role = role.value_or(after.role);
    after.active = active.value_or(after.active);
    if (environments && !merges) after.environments.clear();
    if (environments) give_roles(after, *environments);
    if (auto ok = check_roles(after); !ok) return tl::unexpected(ok.error());
    if (after.role != domain::Role::owner || !after.active) {
      if (auto ok = check_not_last_owner(context, **before); !ok) return tl::unexpected(ok.error());
    }
    if (after.role != (*before)->role) {
      if (auto ok = check_not_self(who, admin, "change their own role"); !ok)
        return tl::unexpected(ok.error());
    }
    const bool leaves = (*before)->active && !after.active;
    if (leaves) {
      if (auto ok = check_not_self(who, admin, "deactivate themselves"); !ok)
        return tl::unexpected(ok.error());
    }
    if (!hash.empty()) {
      if (auto ok = check_has_password(**before); !ok) return tl::unexpected(ok.error());
      note_new_password(after, context.at());
    }
    changes::Draft draft =
        changes::draft_about(**before, changes::update_op(**before, std::move(after), context));
    if (!hash.empty()) draft.secrets.push_back({AdminUser::kKind, admin, hash});
    if (leaves || !hash.empty()) withdraw_tokens(draft, context, admin, 0);
    return draft;
  };
}

changes::Build build_admin_toggle(domain::Id who, domain::Id admin, std::optional<bool> active,
                                  const domain::IfMatch& if_match) {
  return [who, admin, active, if_match](changes::WriteContext& context) -> Result<changes::Draft> {
    const auto before = changes::subject<AdminUser>(context, admin, if_match);
    if (!before) return tl::unexpected(before.error());
    AdminPatch patch;
    patch.active = active.value_or(!(*before)->active);
    return build_admin_patch(who, admin, patch, {}, if_match)(context);
  };
}

changes::Build build_admin_removal(domain::Id who, domain::Id admin, const domain::IfMatch& if_match) {
  return [who, admin, if_match](changes::WriteContext& context) -> Result<changes::Draft> {
    const auto before = changes::subject<AdminUser>(context, admin, if_match);
    if (!before) return tl::unexpected(before.error());
    if (auto ok = check_not_last_owner(context, **before); !ok) return tl::unexpected(ok.error());
    if (auto ok = check_not_self(who, admin, "delete their own account"); !ok)
      return tl::unexpected(ok.error());
    changes::Draft draft{AdminUser::kKind, admin, {}, {}};
    withdraw_tokens(draft, context, admin, 0);
    if (const auto factor = context.state().find_by_key<domain::SecondFactor>((*before)->username))
      draft.ops.push_back(changes::delete_op(*factor));
    draft.ops.push_back(changes::delete_op(**before));
    return draft;
  };
}

}  // namespace togglecast::service
