#include "http_api/routes.hpp"

#include "http_api/handlers/assets.hpp"
#include "http_api/handlers/catalogue.hpp"
#include "http_api/handlers/handlers.hpp"
#include "http_api/installation/installation.hpp"
#include "http_api/ofrep/ofrep_routes.hpp"
#include "http_api/oidc/oidc_routes.hpp"
#include "http_api/streams/stream_routes.hpp"

namespace togglecast::http_api {
namespace {

using auth::Action;
using domain::Client;
using domain::Feature;
using domain::Package;
using domain::Platform;
using domain::Segment;
using wire::http::Method;

// The parameters of a list: the common ones and its filters.
template <typename... Filters>
constexpr Parameters page(Filters... filters) {
  return {"q", "sort", "cursor", "limit", filters...};
}

constexpr Route kRoutes[] = {
    {Method::get, "/", Access::open, front_page},
    {Method::get, "/healthz", Access::probe, health},
    {Method::get, "/readyz", Access::probe, readiness},
    {Method::get, "/healthz/details", Action::read_process, health_details},
    {Method::get, "/metrics", Action::read_process, metrics},
    {Method::get, "/api/v1/openapi.json", Access::open, openapi},

    {Method::post, "/api/v1/auth/login", Access::login, login},
    {Method::post, "/api/v1/auth/refresh", Access::login, refresh_session, {}, Effect::renew},
    {Method::post, "/api/v1/auth/logout", Action::log_out, logout, {}, Effect::logout},
    {Method::get, "/api/v1/auth/sessions", Action::use_account, list_sessions, {"admin"}},
    {Method::del,
     "/api/v1/auth/sessions",
     Action::use_account,
     end_sessions,
     {"admin", "keep_current"},
     Effect::logout},
    {Method::del, "/api/v1/auth/sessions/{id}", Action::use_account, end_session, {}, Effect::logout},
    {Method::post, "/api/v1/auth/password", Action::change_password, change_password},
    {Method::get, "/api/v1/auth/second-factor", Action::manage_second_factor, read_second_factor},
    {Method::post, "/api/v1/auth/second-factor", Action::manage_second_factor, begin_second_factor},
    {Method::post, "/api/v1/auth/second-factor/confirm", Action::manage_second_factor, confirm_second_factor},
    {Method::post, "/api/v1/auth/second-factor/recovery-codes", Action::manage_second_factor,
     renew_recovery_codes},
    {Method::post, "/api/v1/auth/second-factor/remove", Action::manage_second_factor, remove_second_factor},

    {Method::get, "/api/v1/auth/methods", Access::open, login_methods},
    {Method::get, "/api/v1/auth/oidc/login", Access::open, oidc_login, {"return_to", "environment"}},
    {Method::get,
     "/api/v1/auth/oidc/callback",
     Access::open,
     oidc_callback,
     {"state", "code", "iss", "error", "session_state"}},
    {Method::post, "/api/v1/auth/oidc/backchannel-logout", Access::open, oidc_backchannel_logout},

    {Method::get, "/api/v1/platforms", Action::read_catalogue, list_of<Platform>, page("enabled")},
    {Method::post, "/api/v1/platforms", Action::write_platforms, create_one<Platform>},
    {Method::get, "/api/v1/platforms/{id}", Action::read_catalogue, read_one<Platform>, {"at"}},
    {Method::patch, "/api/v1/platforms/{id}", Action::write_platforms, update_one<Platform>},
    {Method::del, "/api/v1/platforms/{id}", Action::write_platforms, delete_one<Platform>, {"force"}},
    {Method::get, "/api/v1/platforms/{id}/dependents", Action::read_catalogue, list_dependents<Platform>},
    {Method::post, "/api/v1/platforms/{id}/toggle", Action::write_platforms, toggle_one<Platform>},
    {Method::get, "/api/v1/platforms/{id}/assets", Action::read_catalogue, list_assets<Platform>},
    {Method::put,
     "/api/v1/platforms/{id}/assets/{name}",
     Action::write_platforms,
     put_asset<Platform>,
     {},
     Effect::upload},
    {Method::del, "/api/v1/platforms/{id}/assets/{name}", Action::write_platforms, remove_asset<Platform>},

    {Method::get, "/api/v1/features", Action::read_catalogue, list_of<Feature>,
     page("enabled", "platform", "package", "group", "stale")},
    {Method::post, "/api/v1/features", Action::write_features, create_one<Feature>},
    {Method::get, "/api/v1/features/{id}", Action::read_catalogue, read_one<Feature>, {"at"}},
    {Method::patch, "/api/v1/features/{id}", Action::write_features, update_one<Feature>, {"force"}},
    {Method::del, "/api/v1/features/{id}", Action::write_features, delete_one<Feature>, {"force"}},
    {Method::post, "/api/v1/features/{id}/toggle", Action::write_features, toggle_one<Feature>},
    {Method::post, "/api/v1/features/{id}/sub-features/{key}/toggle", Action::write_features,
     toggle_sub_feature},
    {Method::get, "/api/v1/features/{id}/dependents", Action::read_catalogue, list_dependents<Feature>},
    {Method::get, "/api/v1/features/{id}/assets", Action::read_catalogue, list_assets<Feature>},
    {Method::put,
     "/api/v1/features/{id}/assets/{name}",
     Action::write_features,
     put_asset<Feature>,
     {},
     Effect::upload},
    {Method::del, "/api/v1/features/{id}/assets/{name}", Action::write_features, remove_asset<Feature>},

    {Method::get, "/api/v1/assets/{sha256}", Action::read_asset, read_asset},

    {Method::get, "/api/v1/segments", Action::read_catalogue, list_of<Segment>, page()},
    {Method::post, "/api/v1/segments", Action::write_segments, create_one<Segment>},
    {Method::get, "/api/v1/segments/{id}", Action::read_catalogue, read_one<Segment>, {"at"}},
    {Method::patch, "/api/v1/segments/{id}", Action::write_segments, update_one<Segment>},
    {Method::del, "/api/v1/segments/{id}", Action::write_segments, delete_one<Segment>, {"force"}},
    {Method::get, "/api/v1/segments/{id}/dependents", Action::read_catalogue, list_dependents<Segment>},

    {Method::get, "/api/v1/packages", Action::read_catalogue, list_of<Package>, page("available")},
    {Method::post, "/api/v1/packages", Action::write_packages, create_one<Package>},
    {Method::get, "/api/v1/packages/{id}", Action::read_catalogue, read_one<Package>, {"at"}},
    {Method::patch, "/api/v1/packages/{id}", Action::write_packages, update_one<Package>},
    {Method::del, "/api/v1/packages/{id}", Action::write_packages, delete_one<Package>, {"force"}},
    {Method::get, "/api/v1/packages/{id}/dependents", Action::read_catalogue, list_dependents<Package>},
    {Method::post, "/api/v1/packages/{id}/toggle", Action::write_packages, toggle_one<Package>},
    {Method::put, "/api/v1/packages/{id}/features/{feature_id}", Action::write_packages, set_assignment},
    {Method::del, "/api/v1/packages/{id}/features/{feature_id}", Action::write_packages, remove_assignment},
    {Method::put, "/api/v1/packages/{id}/platforms/{platform_id}", Action::write_packages, open_platform},
    {Method::del, "/api/v1/packages/{id}/platforms/{platform_id}", Action::write_packages, close_platform},

    {Method::get, "/api/v1/clients", Action::read_catalogue, list_of<Client>, page("active", "package")},
    {Method::post, "/api/v1/clients", Action::write_clients, create_one<Client>},
    {Method::get, "/api/v1/clients/{id}", Action::read_catalogue, read_one<Client>, {"at"}},
    {Method::patch, "/api/v1/clients/{id}", Action::write_clients, update_one<Client>},
    {Method::del, "/api/v1/clients/{id}", Action::write_clients, delete_one<Client>, {"force"}},
    {Method::post, "/api/v1/clients/{id}/toggle", Action::write_clients, toggle_one<Client>},
    {Method::put, "/api/v1/clients/{id}/overrides/{feature_id}", Action::write_clients, set_override},
    {Method::del, "/api/v1/clients/{id}/overrides/{feature_id}", Action::write_clients, remove_override},

    {Method::get,
     "/api/v1/clients/{id}/effective",
     Action::evaluate,
     read_effective,
     {"visible", "context", "feature"},
     Units{10}},
    {Method::post, "/api/v1/evaluate", Action::evaluate, evaluate, {}, Effect::evaluate, Units{10}},
    {Method::post, "/api/v1/preview", Action::read_catalogue, preview, {}, Effect::evaluate, Units{40}},

    {Method::get,
     "/api/v1/clients/{id}/connections",
     Action::read_catalogue,
     read_client_connections,
     {},
     Units{10}},
    {Method::get, "/api/v1/clients/{id}/tokens", Action::read_tokens, list_tokens, page()},
    {Method::post, "/api/v1/clients/{id}/tokens", Action::manage_tokens, issue_token},
    {Method::del, "/api/v1/clients/{id}/tokens/{token_id}", Action::manage_tokens, revoke_token},
    {Method::get, "/api/v1/signing-keys", Action::manage_keys, list_signing_keys, {}, Units{10}},
    {Method::post, "/api/v1/signing-keys", Action::manage_keys, rotate_signing_key},
    {Method::del, "/api/v1/signing-keys/{kid}", Action::manage_keys, retire_signing_key, {"force"}},

    {Method::get, "/api/v1/issuers", Action::manage_issuers, list_issuers, page("active")},
    {Method::post, "/api/v1/issuers", Action::manage_issuers, create_issuer},
    {Method::get, "/api/v1/issuers/{id}", Action::manage_issuers, read_issuer},
    {Method::patch, "/api/v1/issuers/{id}", Action::manage_issuers, update_issuer},
    {Method::del, "/api/v1/issuers/{id}", Action::manage_issuers, delete_issuer},
    {Method::get, "/api/v1/issuers/{id}/keys", Action::manage_issuers, read_issuer_keys},

    {Method::get, "/api/v1/admins", Action::read_admins, list_admins, page("role", "active")},
    {Method::post, "/api/v1/admins", Action::manage_admins, create_admin},
    {Method::get, "/api/v1/admins/{id}", Action::read_admins, read_admin},
    {Method::patch, "/api/v1/admins/{id}", Action::manage_admins, update_admin},
    {Method::del, "/api/v1/admins/{id}", Action::manage_admins, delete_admin},
    {Method::post, "/api/v1/admins/{id}/toggle", Action::manage_admins, toggle_admin},
    {Method::del, "/api/v1/admins/{id}/second-factor", Action::manage_admins, reset_second_factor},

    {Method::get, "/api/v1/settings", Action::manage_settings, read_settings},
    {Method::patch, "/api/v1/settings", Action::manage_settings, update_settings},

    {Method::get, "/api/v1/api-keys", Action::manage_api_keys, list_api_keys, page()},
    {Method::post, "/api/v1/api-keys", Action::manage_api_keys, create_api_key},
    {Method::get, "/api/v1/api-keys/{id}", Action::manage_api_keys, read_api_key},
    {Method::patch, "/api/v1/api-keys/{id}", Action::manage_api_keys, update_api_key},
    {Method::del, "/api/v1/api-keys/{id}", Action::manage_api_keys, delete_api_key},

    {Method::get, "/api/v1/environments", Action::read_catalogue, list_environments},
    {Method::post, "/api/v1/environments", Action::manage_environments, create_environment},
    {Method::get, "/api/v1/environments/{key}", Action::read_catalogue, read_environment},
    {Method::post, "/api/v1/environments/{key}/copy", Action::manage_environments, copy_environment},

    {Method::get,
     "/api/v1/activity",
     Action::read_activity,
     list_activity,
     {"limit", "before", "entity_type", "entity_id", "type", "actor", "source", "since", "until", "q"},
     Units{10}},
    {Method::post, "/api/v1/activity/{revision}/undo", Action::undo_changes, undo_activity},
    {Method::get,
     "/api/v1/changes/{revision}/rollout",
     Action::read_activity,
     read_rollout,
     {"epoch", "stage", "limit", "cursor", "format"},
     Units{10}},
    {Method::get, "/api/v1/rollouts", Action::read_activity, list_rollouts, {"limit", "before"}, Units{40}},
    {Method::get, "/api/v1/state", Action::read_catalogue, read_state, {"at"}, Units{40}},
    {Method::get, "/api/v1/state/diff", Action::read_catalogue, read_difference, {"from", "to"}, Units{80}},

    {Method::get, "/api/v1/cluster", Action::read_catalogue, read_cluster, {}, Units{10}},
    {Method::get,
     "/api/v1/dashboard/history",
     Action::read_catalogue,
     read_dashboard_history,
     {"resolution", "since"},
     Units{2}},
    {Method::get,
     "/api/v1/dashboard/client-metrics",
     Action::read_catalogue,
     read_client_metrics,
     {"since"},
     Units{2}},
    {Method::get, "/api/v1/connections", Action::read_catalogue, list_connections,
     page("client", "namespace", "node", "lagging"), Units{10}},
    {Method::del, "/api/v1/connections/{id}", Action::end_connections, end_connection},

    {Method::get,
     "/api/v1/messages",
     Action::read_messages,
     list_messages,
     {"state", "before", "limit"},
     Units{10}},
    {Method::get,
     "/api/v1/messages/{id}",
     Action::read_messages,
     read_message,
     {"state", "after", "limit"},
     Units{10}},
    {Method::del, "/api/v1/messages/{id}", Action::send_messages, withdraw_message},

    {Method::get, "/api/v1/stream", Action::use_features, stream_view, {"context"}},

    {Method::get, "/ofrep/v1/stream", Access::open, stream_notices, {"ticket"}},
    {Method::post,
     "/ofrep/v1/evaluate/flags",
     Action::evaluate_flags,
     evaluate_flags,
     {"flagConfigEtag", "flagConfigLastModified"},
     Effect::ofrep},
    {Method::post,
     "/ofrep/v1/evaluate/flags/{key}",
     Action::evaluate_flags,
     evaluate_flag,
     {},
     Effect::ofrep},
    {Method::post,
     "/ofrep/v1/evaluate/flags/{key}/{sub}",
     Action::evaluate_flags,
     evaluate_flag,
     {},
     Effect::ofrep},

    {Method::get, "/flagd/flags.json", Action::read_flagd_file, read_flagd_file, {"client"}, Units{10}},

    {Method::post, "/api/v1/broadcasts/{name}", Action::send_messages, broadcast, {}, Effect::message},
};

}  // namespace

std::span<const Route> routes() noexcept { return kRoutes; }

}  // namespace togglecast::http_api
