#include "service/oidc/account_builds.hpp"

#include <algorithm>

#include "changes/ops.hpp"

namespace togglecast::service::oidc {
namespace {

using domain::AdminUser;
using domain::ProviderIdentity;

constexpr std::size_t kMostAdmins = 1'000;
constexpr std::size_t kLongestName = 64;
constexpr int kNumberedNames = 100;

// `sso.example` of `https://sso.example:8443/realms/one`; empty for a numeric address of IPv6.
std::string_view host_of(std::string_view issuer) {
  const std::size_t from = issuer.find("://");
  if (from == std::string_view::npos) return {};
  issuer.remove_prefix(from + 3);
  return issuer.substr(0, issuer.find_first_of("/:[?"));
}

// `wanted`, or, if another account has that name, `wanted@host`, and then with a number. The name of an
// account with a password is never given to somebody else.
std::string free_name(const domain::Snapshot& system, const std::string& wanted, std::string_view issuer) {
  const auto is_free = [&system](const std::string& name) {
    return domain::is_username(name) && system.find_by_key<AdminUser>(name) == nullptr;
  };
  if (is_free(wanted)) return wanted;
  std::string host(host_of(issuer).substr(0, kLongestName / 2));
  std::transform(host.begin(), host.end(), host.begin(),
                 [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; });
  if (host.empty()) host = "oidc";
  for (int number = 1; number < kNumberedNames; ++number) {
    const std::string tail = '@' + host + (number == 1 ? "" : '-' + std::to_string(number));
    std::string name = wanted.substr(0, kLongestName - tail.size()) + tail;
    if (is_free(name)) return name;
  }
  return {};
}

void give_roles(AdminUser& admin, const Roles& roles) {
  admin.role = roles.installation;
  admin.environments.clear();
  if (admin.role == domain::Role::owner) return;  // an owner everywhere
  for (const auto& [environment, role] : roles.environments) admin.environments.emplace(environment, role);
}

void end_sessions(changes::Draft& draft, const changes::WriteContext& context, domain::Id admin,
                  UnixMillis until) {
  for (const auto& session : context.state().tokens_of(domain::SubjectKind::admin, admin))
    if (session->created_at < until) draft.ops.push_back(changes::delete_op(*session));
}

Result<changes::Draft> new_account(const Person& person, changes::WriteContext& context) {
  if (!person.roles.any()) return changes::Draft{AdminUser::kKind, 0, {}, {}};
  if (context.state().table<AdminUser>().by_id.size() >= kMostAdmins)
    return fail(Errc::conflict, "there may be at most " + std::to_string(kMostAdmins) +
                                    " admins; an owner must delete one first");
  AdminUser admin;
  admin.username = free_name(context.state(), person.username, person.identity.issuer);
  if (admin.username.empty())
    return fail(Errc::conflict, "all names like '" + person.username +
                                    "' are taken; an owner must delete one of these accounts first");
  admin.identity = person.identity;
  admin.password_changed_at = context.at();
  give_roles(admin, person.roles);
  const auto id = context.next_id(AdminUser::kKind);
  if (!id) return tl::unexpected(id.error());
  return changes::Draft{AdminUser::kKind, *id, {changes::create_op(admin, *id, context)}, {}};
}

}  // namespace

std::shared_ptr<const AdminUser> account_of(const domain::Snapshot& system,
                                            const ProviderIdentity& identity) {
  std::shared_ptr<const AdminUser> found;
  system.table<AdminUser>().by_id.for_each([&](domain::Id, const auto& admin) {
    if (admin->identity == identity) found = admin;
  });
  return found;
}

changes::Build build_oidc_account(Person person) {
  return [person = std::move(person)](changes::WriteContext& context) -> Result<changes::Draft> {
    const auto before = account_of(context.state(), person.identity);
    if (before == nullptr) return new_account(person, context);
    if (!before->active)
      return fail(Errc::forbidden,
                  "the account '" + before->username + "' is deactivated; ask an owner to activate it");
    AdminUser after = *before;
    give_roles(after, person.roles);
    changes::Draft draft =
        changes::draft_about(*before, changes::update_op(*before, std::move(after), context));
    if (!person.roles.any()) end_sessions(draft, context, before->id, {context.at().value + 1});
    return draft;
  };
}

changes::Build build_oidc_logout(ProviderIdentity identity, UnixMillis until) {
  return [identity = std::move(identity), until](changes::WriteContext& context) -> Result<changes::Draft> {
    changes::Draft draft{AdminUser::kKind, 0, {}, {}};
    const auto account = account_of(context.state(), identity);
    if (account == nullptr) return draft;
    draft.id = account->id;
    end_sessions(draft, context, account->id, until);
    return draft;
  };
}

}  // namespace togglecast::service::oidc
