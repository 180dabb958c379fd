#include "service/catalogue/entity_service.hpp"

namespace togglecast::service {

auth::Action write_action(domain::Kind kind) noexcept {
  switch (kind) {
    case domain::Kind::platform:
      return auth::Action::write_platforms;
    case domain::Kind::feature:
      return auth::Action::write_features;
    case domain::Kind::segment:
      return auth::Action::write_segments;
    case domain::Kind::package:
      return auth::Action::write_packages;
    case domain::Kind::client:
      return auth::Action::write_clients;
    case domain::Kind::token:
      return auth::Action::manage_tokens;
    case domain::Kind::environment:
      return auth::Action::manage_environments;
    case domain::Kind::api_key:
      return auth::Action::manage_api_keys;
    case domain::Kind::issuer:
      return auth::Action::manage_issuers;
    case domain::Kind::settings:
      return auth::Action::manage_settings;
    case domain::Kind::admin:
    case domain::Kind::signing_key:
    case domain::Kind::second_factor:
      break;
  }
  return auth::Action::manage_admins;
}

void PackageService::assign(const Principal& who, domain::Id package, domain::Id feature,
                            const json::value& body, const WriteOptions& options, changes::Done done) {
  const json::value asked{feature, body};
  write(who, options, "assign", package, asked, build_assignment(package, feature, body, options.if_match),
        std::move(done));
}

void PackageService::unassign(const Principal& who, domain::Id package, domain::Id feature,
                              const WriteOptions& options, changes::Done done) {
  write(who, options, "unassign", package, json::value(feature),
        build_assignment_removal(package, feature, options.if_match), std::move(done));
}

void PackageService::open_platform(const Principal& who, domain::Id package, domain::Id platform,
                                   const WriteOptions& options, changes::Done done) {
  write(who, options, "open platform", package, json::value(platform),
        build_opening(package, platform, options.if_match), std::move(done));
}

void PackageService::close_platform(const Principal& who, domain::Id package, domain::Id platform,
                                    const WriteOptions& options, changes::Done done) {
  write(who, options, "close platform", package, json::value(platform),
        build_closing(package, platform, options.if_match), std::move(done));
}

void FeatureService::toggle_sub_feature(const Principal& who, domain::Id feature, const std::string& key,
                                        std::optional<bool> on, const WriteOptions& options,
                                        changes::Done done) {
  const json::value body{key, on ? json::value(*on) : json::value(nullptr)};
  write(who, options, "toggle sub-feature", feature, body,
        build_sub_feature_toggle(feature, key, on, options.if_match), std::move(done));
}

void ClientService::set_override(const Principal& who, domain::Id client, domain::Id feature,
                                 const json::value& body, const WriteOptions& options, changes::Done done) {
  const json::value asked{feature, body};
  write(who, options, "override", client, asked, build_override(client, feature, body, options.if_match),
        std::move(done));
}

void ClientService::remove_override(const Principal& who, domain::Id client, domain::Id feature,
                                    const WriteOptions& options, changes::Done done) {
  write(who, options, "remove override", client, json::value(feature),
        build_override_removal(client, feature, options.if_match), std::move(done));
}

}  // namespace togglecast::service
