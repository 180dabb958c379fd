// The settings of the installation. Nodes hear of a change by the log, and decide by the newest state.
//
// Thread rule: any thread. `done` is called once, on the committer's thread or within the call.
// Errors: `forbidden` unless an owner asks; `invalid_argument` and `conflict` name the member; the errors of
// entity_service.hpp.
#pragma once

#include <functional>
#include <string>

#include "changes/committer.hpp"
#include "changes/read_model.hpp"
#include "service/accounts/principal.hpp"

namespace togglecast::service {

class SettingsService {
 public:
  /// `issuer` answers that of the OpenID Connect provider; empty without one. All must outlive it.
  SettingsService(changes::Committer& committer, const changes::ReadModel& model,
                  std::function<std::string()> issuer)
      : committer_(committer), model_(model), issuer_(std::move(issuer)) {}

  /// The body of the entity. Until something was changed, it has no times and the revision 0.
  [[nodiscard]] Result<json::object> read(const Principal& who) const;
  /// Switching `password_login` off is a `conflict` unless a provider is configured and an active owner logs
  /// in with it: nobody could get in.
  void update(const Principal& who, const json::value& body, const WriteOptions& options, changes::Done done);

 private:
  [[nodiscard]] Result<void> check(const domain::Snapshot& state, const domain::InstallationSettings& before,
                                   const domain::InstallationSettings& after) const;

  changes::Committer& committer_;
  const changes::ReadModel& model_;
  std::function<std::string()> issuer_;
};

/// Switches logins with a password on, whatever the settings say: for an operator at the command line.
[[nodiscard]] changes::Build build_password_login_on();

}  // namespace togglecast::service
