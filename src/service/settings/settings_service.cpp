#include "service/settings/settings_service.hpp"

#include <memory>
#include <utility>

#include "changes/ops.hpp"
#include "domain/schema/environment.hpp"
#include "domain/schema/sent_back.hpp"
#include "service/accounts/submit_write.hpp"
#include "service/duties/duties.hpp"

namespace togglecast::service {
namespace {

using domain::InstallationSettings;
using domain::kSettingsId;

// Nothing is stored before the first change.
json::object body_of(const InstallationSettings& settings) {
  json::object body = to_json(settings);
  if (settings.revision == 0) {
    body.erase("created_at");
    body.erase("updated_at");
  }
  return body;
}

changes::Draft draft_of(const InstallationSettings& before, InstallationSettings after,
                        const changes::WriteContext& context) {
  if (before.revision != 0)
    return changes::draft_about(before, changes::update_op(before, std::move(after), context));
  return {InstallationSettings::kKind, kSettingsId, {changes::create_op(after, kSettingsId, context)}, {}};
}

Result<void> check_version(const domain::IfMatch& if_match, const domain::Version& version) {
  if (if_match.allows(version)) return {};
  return fail(Errc::conflict, "the settings were changed by revision " + std::to_string(version.revision) +
                                  "; their ETag is now \"" + to_string(version) + '"');
}

bool has_owner_of(const domain::Snapshot& state, const std::string& issuer) {
  bool found = false;
  state.table<domain::AdminUser>().by_id.for_each([&](domain::Id, const auto& admin) {
    const bool comes_in = admin->identity && admin->identity->issuer == issuer;
    if (comes_in && admin->active && admin->role == domain::Role::owner) found = true;
  });
  return found;
}

tl::unexpected<Error> locks_out(const std::string& why) {
  Error error{Errc::conflict, "/password_login " + why, {}};
  error.details.push_back({"/password_login", why});
  return tl::unexpected(std::move(error));
}

}  // namespace

Result<json::object> SettingsService::read(const Principal& who) const {
  if (auto allowed = require(who, auth::Action::manage_settings); !allowed)
    return tl::unexpected(allowed.error());
  return body_of(settings_of(*model_.current(domain::kSystemEnvironment)));
}

Result<void> SettingsService::check(const domain::Snapshot& state, const InstallationSettings& before,
                                    const InstallationSettings& after) const {
  if (after.password_login || !before.password_login) return {};
  const std::string issuer = issuer_();
  if (issuer.empty())
    return locks_out("cannot be false: this server has no login by OpenID Connect (--oidc-issuer)");
  if (!has_owner_of(state, issuer))
    return locks_out("cannot be false: no active owner logs in with OpenID Connect yet");
  return {};
}

void SettingsService::update(const Principal& who, const json::value& body, const WriteOptions& options,
                             changes::Done done) {
  changes::Build build =
      [this, body, if_match = options.if_match](changes::WriteContext& context) -> Result<changes::Draft> {
    const InstallationSettings before = settings_of(context.state());
    const std::int64_t epoch = context.state().head().epoch;
    if (auto ok = check_version(if_match, {epoch, before.revision}); !ok) return tl::unexpected(ok.error());
    const auto changed = domain::without_unchanged(body_of(before), epoch, body);
    if (!changed) return tl::unexpected(changed.error());
    auto after = domain::patched(before, *changed);
    if (!after) return tl::unexpected(after.error());
    if (auto ok = check(context.state(), before, *after); !ok) return tl::unexpected(ok.error());
    return draft_of(before, *std::move(after), context);
  };
  Principal of_installation = who;
  of_installation.environment = domain::kSystemEnvironment;
  submit_write(committer_, of_installation, auth::Action::manage_settings, options, "settings update", body,
               std::move(build), std::move(done));
}

changes::Build build_password_login_on() {
  return [](changes::WriteContext& context) -> Result<changes::Draft> {
    const InstallationSettings before = settings_of(context.state());
    if (before.password_login) return changes::Draft{InstallationSettings::kKind, kSettingsId, {}, {}};
    InstallationSettings after = before;
    after.password_login = true;
    return draft_of(before, std::move(after), context);
  };
}

}  // namespace togglecast::service
