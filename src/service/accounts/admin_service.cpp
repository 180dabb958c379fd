#include "service/accounts/admin_service.hpp"

#include "changes/ops.hpp"
#include "domain/schema/environment.hpp"
#include "domain/schema/fields.hpp"
#include "service/accounts/admin_builds.hpp"
#include "service/accounts/session_builds.hpp"
#include "service/accounts/submit_write.hpp"

namespace togglecast::service {
namespace {

using domain::AdminUser;

// Takes the same time without a hash, so that the time does not reveal unknown names.
Result<bool> matches(const auth::PasswordHasher& hasher, const Secret& password,
                     const std::optional<Secret>& hash) {
  try {
    if (hash) return hasher.verify(password, *hash);
    hasher.verify_nobody(password);
    return false;
  } catch (const std::bad_alloc&) {
    return fail(Errc::unavailable, "the server has too little memory left to check a password; try again");
  }
}

tl::unexpected<Error> too_busy() { return changes::busy("too many logins at once; try again"); }

// Admins live in `system`, whichever environment they work in.
Principal in_system(Principal who) {
  who.environment = domain::kSystemEnvironment;
  return who;
}

json::value roles_as_json(const EnvironmentRoles& roles) {
  json::object out;
  for (const auto& [environment, role] : roles)
    out[environment] = role ? json::value(domain::to_string(*role)) : json::value(nullptr);
  return out;
}

// The account of the caller; 0 when the caller is no admin.
domain::Id self_of(const Principal& who) { return who.kind == Principal::Kind::admin ? who.id : 0; }

}  // namespace

AdminService::AdminService(changes::Committer& committer, const changes::ReadModel& model,
                           changes::StoreReader& reader, changes::WorkerPool& workers,
                           SessionService& sessions, auth::FactorCodes& codes, const Clock& clock,
                           observe::Metrics& metrics, const AdminOptions& options)
    : committer_(committer),
      model_(model),
      reader_(reader),
      workers_(workers),
      sessions_(sessions),
      codes_(codes),
      clock_(clock),
      options_(options),
      hasher_(options.passwords),
      throttle_(options.throttle),
      limited_(metrics.counter("togglecast_logins_limited_total",
                               "Passwords that were not checked because earlier ones were wrong.")) {}

Result<void> AdminService::may_try(const auth::LoginAttempt& attempt) {
  const std::scoped_lock lock(throttle_mutex_);
  auto allowed = throttle_.check(attempt, clock_.now());
  if (!allowed) limited_.add();
  return allowed;
}

void AdminService::note(const auth::LoginAttempt& attempt, bool opened) {
  login_elsewhere(attempt, opened);
  const std::scoped_lock lock(throttle_mutex_);
  if (login_told_) login_told_(attempt, opened);
}

void AdminService::tell_logins(LoginTold told) {
  const std::scoped_lock lock(throttle_mutex_);
  login_told_ = std::move(told);
  codes_.tell(login_told_);
}

void AdminService::login_elsewhere(const auth::LoginAttempt& attempt, bool opened) {
  if (auth::FactorCodes::is_of_codes(attempt)) return codes_.checked_elsewhere(attempt, opened);
  const std::scoped_lock lock(throttle_mutex_);
  if (opened) {
    throttle_.succeeded(attempt);
  } else {
    throttle_.failed(attempt, clock_.now());
  }
}

AdminService::Account AdminService::account(const std::string& username) const {
  return model_.current(domain::kSystemEnvironment)->find_by_key<AdminUser>(username);
}

void AdminService::check_password(const Account& account, const auth::LoginAttempt& attempt,
                                  const Secret& password, std::function<void(Result<Checked>)> next) {
  if (auto allowed = may_try(attempt); !allowed) return next(tl::unexpected(allowed.error()));
  const domain::Id id = account == nullptr ? 0 : account->id;
  const bool active = account != nullptr && account->active;
  const bool reading = reader_.submit([this, id, active, attempt, password, next](storage::Reader& reader) {
    auto hash = id == 0 ? Result<std::optional<Secret>>(std::nullopt)
                        : reader.secret(std::string(domain::kSystemEnvironment), AdminUser::kKind, id);
    if (!hash) return next(tl::unexpected(hash.error()));
    const bool working = workers_.submit([this, active, attempt, password, next, hash = std::move(*hash)] {
      if (auto allowed = may_try(attempt); !allowed) return next(tl::unexpected(allowed.error()));
      const auto same = matches(hasher_, password, hash);
      if (!same) return next(tl::unexpected(same.error()));
      Checked checked{*same && active};
      note(attempt, checked.matches);
      if (checked.matches && hasher_.is_weaker(*hash))
        checked.stronger = hasher_.hash(password).value_or(Secret());
      next(std::move(checked));
    });
    if (!working) next(too_busy());
  });
  if (!reading) next(too_busy());
}

void AdminService::logout(const Principal& who, const WriteOptions& options, changes::Done done) {
  if (who.kind != Principal::Kind::admin) return done(fail(Errc::forbidden, "only an admin can log out"));
  auto idempotency = idempotency_of(who, options, "logout " + std::to_string(who.token_id), nullptr);
  if (!idempotency) return done(tl::unexpected(idempotency.error()));
  committer_.submit({std::string(domain::kSystemEnvironment), actor_of(who, options), std::move(*idempotency),
                     build_logout(who.token_id)},
                    std::move(done));
}

void AdminService::write_with_hash(const Principal& who, const Secret& password, const WriteOptions& options,
                                   const std::string& operation,
                                   std::function<changes::Build(Secret hash)> build, changes::Done done) {
  auto idempotency = idempotency_of(who, options, operation, nullptr);
  if (!idempotency) return done(tl::unexpected(idempotency.error()));
  const bool working = workers_.submit(
      [this, who, password, options, build = std::move(build), idempotency = std::move(*idempotency), done] {
        auto hash = hasher_.hash(password);
        if (!hash) return done(tl::unexpected(hash.error()));
        committer_.submit({std::string(domain::kSystemEnvironment), actor_of(who, options), idempotency,
                           build(std::move(*hash))},
                          done);
      });
  if (!working) done(too_busy());
}

void AdminService::replay_or_fail(const Principal& who, const WriteOptions& options,
                                  const std::string& operation, const Error& error,
                                  const changes::Done& done) {
  auto idempotency = idempotency_of(who, options, operation, nullptr);
  if (!idempotency || !*idempotency) return done(tl::unexpected(error));
  changes::Build build = [error](changes::WriteContext&) -> Result<changes::Draft> {
    return tl::unexpected(error);
  };
  committer_.submit({std::string(domain::kSystemEnvironment), actor_of(who, options), std::move(*idempotency),
                     std::move(build)},
                    done);
}

void AdminService::change_password(const Principal& who, const Secret& current, const Secret& next,
                                   const WriteOptions& options, changes::Done done) {
  if (who.kind != Principal::Kind::admin) return done(fail(Errc::forbidden, "only an admin has a password"));
  if (auto ok = auth::check_new_password(next); !ok) return done(tl::unexpected(ok.error()));
  if (auto key = idempotency_of(who, options, {}, nullptr); !key) return done(tl::unexpected(key.error()));
  const auto admin = account(who.name);
  if (admin != nullptr && admin->identity)
    return done(fail(Errc::conflict, "this account logs in with OpenID Connect and has no password"));
  if (admin != nullptr && admin->password_expires_at && next.reveal() == current.reveal())
    return done(fail_field("/password", "must be another one than the first"));
  const auth::LoginAttempt attempt = attempt_at(who.name, admin != nullptr, {});
  check_password(admin, attempt, current, [this, admin, who, next, options, done](Result<Checked> checked) {
    const std::string operation = "password of " + who.name;
    if (!checked) return done(tl::unexpected(checked.error()));
    if (!checked->matches)  // an earlier copy of this request may have changed it
      return replay_or_fail(who, options, operation,
                            {Errc::unauthenticated, "the current password is wrong", {}}, done);
    const auto build = [admin, who, if_match = options.if_match](Secret hash) {
      return build_password(who.name, std::move(hash), who.token_id, if_match, admin->password_changed_at);
    };
    write_with_hash(who, next, options, operation, build, done);
  });
}

void AdminService::set_password(const Principal& who, const std::string& username, const Secret& next,
                                const WriteOptions& options, changes::Done done) {
  if (auto allowed = require(who, auth::Action::manage_admins); !allowed)
    return done(tl::unexpected(allowed.error()));
  if (auto ok = auth::check_new_password(next); !ok) return done(tl::unexpected(ok.error()));
  const auto build = [username, if_match = options.if_match](Secret hash) {
    return build_password(username, std::move(hash), 0, if_match);
  };
  write_with_hash(who, next, options, "password of " + username, build, std::move(done));
}

Result<Page<AdminUser>> AdminService::list(const Principal& who, const PageQuery& query) const {
  if (auto allowed = require(who, auth::Action::read_admins); !allowed)
    return tl::unexpected(allowed.error());
  return page_of<AdminUser>(model_.current(domain::kSystemEnvironment), query);
}

Result<std::shared_ptr<const AdminUser>> AdminService::find(const Principal& who, domain::Id admin) const {
  if (auto allowed = require(who, auth::Action::read_admins); !allowed)
    return tl::unexpected(allowed.error());
  auto found = model_.current(domain::kSystemEnvironment)->find<AdminUser>(admin);
  if (found == nullptr) return fail(Errc::not_found, "there is no admin " + std::to_string(admin));
  return found;
}

Result<void> AdminService::check_environments(const EnvironmentRoles& roles) const {
  std::vector<FieldIssue> issues;
  for (const auto& [environment, role] : roles) {
    if (!role) continue;
    if (environment == domain::kSystemEnvironment || model_.current(environment) == nullptr)
      issues.push_back(
          {"/environments" + domain::json_pointer(environment), "is not the key of an environment"});
  }
  return domain::refusal_of(std::move(issues));
}

void AdminService::create(const Principal& who, const std::string& username, domain::Role role,
                          const Secret& password, const WriteOptions& options, changes::Done done,
                          bool active, const EnvironmentRoles& environments) {
  if (auto allowed = require(who, auth::Action::manage_admins); !allowed)
    return done(tl::unexpected(allowed.error()));
  if (!domain::is_username(username))
    return done(fail_field("/username", "must be 1 to 64 lower-case letters, digits or any of . _ @ + -"));
  if (auto ok = auth::check_new_password(password); !ok) return done(tl::unexpected(ok.error()));
  if (auto ok = check_environments(environments); !ok) return done(tl::unexpected(ok.error()));
  const auto build = [wanted = NewAdmin{username, role, environments, active}](Secret hash) {
    return build_new_admin(wanted, std::move(hash));
  };
  std::string operation =
      "admin create " + username + ' ' + std::string(domain::to_string(role)) + (active ? "" : " inactive");
  if (!environments.empty()) operation += ' ' + json::canonical(roles_as_json(environments));
  write_with_hash(who, password, options, operation, build, std::move(done));
}

void AdminService::update(const Principal& who, domain::Id admin, const AdminPatch& patch,
                          const WriteOptions& options, changes::Done done) {
  if (auto allowed = require(who, auth::Action::manage_admins); !allowed)
    return done(tl::unexpected(allowed.error()));
  const std::string operation = "admin update " + std::to_string(admin);
  const domain::Id self = self_of(who);
  json::object asked;
  if (patch.role) asked["role"] = domain::to_string(*patch.role);
  if (patch.environments) {
    if (auto ok = check_environments(*patch.environments); !ok) return done(tl::unexpected(ok.error()));
    asked[patch.merges ? "merged_environments" : "environments"] = roles_as_json(*patch.environments);
  }
  if (patch.active) asked["active"] = *patch.active;
  if (!patch.sent_back.empty()) asked["sent_back"] = patch.sent_back;
  if (patch.password.empty())
    return submit_write(committer_, in_system(who), auth::Action::manage_admins, options, operation, asked,
                        build_admin_patch(self, admin, patch, {}, options.if_match), std::move(done));
  if (self == admin)
    return done(fail(Errc::forbidden, "change your own password with POST /api/v1/auth/password"));
  if (auto ok = auth::check_new_password(patch.password); !ok) return done(tl::unexpected(ok.error()));
  const auto build = [self, admin, patch, if_match = options.if_match](Secret hash) {
    return build_admin_patch(self, admin, patch, std::move(hash), if_match);
  };
  write_with_hash(who, patch.password, options, operation + ' ' + json::canonical(asked) + " password", build,
                  std::move(done));
}

void AdminService::toggle(const Principal& who, domain::Id admin, std::optional<bool> active,
                          const WriteOptions& options, changes::Done done) {
  const json::value body = active ? json::value(*active) : json::value(nullptr);
  submit_write(committer_, in_system(who), auth::Action::manage_admins, options,
               "admin toggle " + std::to_string(admin), body,
               build_admin_toggle(self_of(who), admin, active, options.if_match), std::move(done));
}

void AdminService::remove(const Principal& who, domain::Id admin, const WriteOptions& options,
                          changes::Done done) {
  submit_write(committer_, in_system(who), auth::Action::manage_admins, options,
               "admin delete " + std::to_string(admin), nullptr,
               build_admin_removal(self_of(who), admin, options.if_match), std::move(done));
}

Result<changes::Written> AdminService::create_first_owner(const std::string& username, const Secret& password,
                                                          const std::function<Result<void>()>& before_commit,
                                                          std::optional<UnixMillis> password_expires_at) {
  if (auto ok = auth::check_new_password(password); !ok) return tl::unexpected(ok.error());
  auto hash = hasher_.hash(password);
  if (!hash) return tl::unexpected(hash.error());
  changes::Build build =
      [make = build_new_admin(
           {.username = username, .role = domain::Role::owner, .password_expires_at = password_expires_at},
           std::move(*hash)),
       before_commit](changes::WriteContext& context) -> Result<changes::Draft> {
    if (!context.state().table<domain::AdminUser>().by_id.empty())
      return fail(Errc::already_exists, "another node has made the first account");
    auto draft = make(context);
    if (!draft || !before_commit) return draft;
    if (auto told = before_commit(); !told) return tl::unexpected(told.error());
    return draft;
  };
  return committer_.perform(
      changes::own_write(std::string(domain::kSystemEnvironment), changes::Source::start, std::move(build)));
}

}  // namespace togglecast::service
