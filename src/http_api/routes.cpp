#include "http_api/routes.hpp"

#include "http_api/handlers/assets.hpp"
#include "http_api/handlers/catalogue.hpp"
#include "http_api/handlers/handlers.hpp"

namespace togglecast::http_api {
namespace {

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
    {Method::get, "/healthz/details", Access::operators, health_details},
    {Method::get, "/metrics", Access::operators, metrics},
    {Method::get, "/api/v1/openapi.json", Access::open, openapi},

    {Method::post, "/api/v1/auth/login", Access::login, login},
    {Method::post, "/api/v1/auth/logout", Access::admin, logout, {}, Effect::logout},
    {Method::post, "/api/v1/auth/password", Access::admin, change_password},

    {Method::get, "/api/v1/platforms", Access::admin, list_of<Platform>, page("enabled")},
    {Method::post, "/api/v1/platforms", Access::admin, create_one<Platform>},
    {Method::get, "/api/v1/platforms/{id}", Access::admin, read_one<Platform>, {"at"}},
    {Method::patch, "/api/v1/platforms/{id}", Access::admin, update_one<Platform>},
    {Method::del, "/api/v1/platforms/{id}", Access::admin, delete_one<Platform>, {"force"}},
    {Method::post, "/api/v1/platforms/{id}/toggle", Access::admin, toggle_one<Platform>},
    {Method::get, "/api/v1/platforms/{id}/assets", Access::admin, list_assets<Platform>},
    {Method::put,
     "/api/v1/platforms/{id}/assets/{name}",
     Access::admin,
     put_asset<Platform>,
     {},
     Effect::upload},
    {Method::del, "/api/v1/platforms/{id}/assets/{name}", Access::admin, remove_asset<Platform>},

    {Method::get, "/api/v1/features", Access::admin, list_of<Feature>,
     page("enabled", "platform", "package", "group")},
    {Method::post, "/api/v1/features", Access::admin, create_one<Feature>},
    {Method::get, "/api/v1/features/{id}", Access::admin, read_one<Feature>, {"at"}},
    {Method::patch, "/api/v1/features/{id}", Access::admin, update_one<Feature>, {"force"}},
    {Method::del, "/api/v1/features/{id}", Access::admin, delete_one<Feature>, {"force"}},
    {Method::post, "/api/v1/features/{id}/toggle", Access::admin, toggle_one<Feature>},
    {Method::post, "/api/v1/features/{id}/sub-features/{key}/toggle", Access::admin, toggle_sub_feature},
    {Method::get, "/api/v1/features/{id}/assets", Access::admin, list_assets<Feature>},
    {Method::put,
     "/api/v1/features/{id}/assets/{name}",
     Access::admin,
     put_asset<Feature>,
     {},
     Effect::upload},
    {Method::del, "/api/v1/features/{id}/assets/{name}", Access::admin, remove_asset<Feature>},

    {Method::get, "/api/v1/assets/{sha256}", Access::reader, read_asset},

    {Method::get, "/api/v1/segments", Access::admin, list_of<Segment>, page()},
    {Method::post, "/api/v1/segments", Access::admin, create_one<Segment>},
    {Method::get, "/api/v1/segments/{id}", Access::admin, read_one<Segment>, {"at"}},
    {Method::patch, "/api/v1/segments/{id}", Access::admin, update_one<Segment>},
    {Method::del, "/api/v1/segments/{id}", Access::admin, delete_one<Segment>, {"force"}},

    {Method::get, "/api/v1/packages", Access::admin, list_of<Package>, page("available")},
    {Method::post, "/api/v1/packages", Access::admin, create_one<Package>},
    {Method::get, "/api/v1/packages/{id}", Access::admin, read_one<Package>, {"at"}},
    {Method::patch, "/api/v1/packages/{id}", Access::admin, update_one<Package>},
    {Method::del, "/api/v1/packages/{id}", Access::admin, delete_one<Package>, {"force"}},
    {Method::post, "/api/v1/packages/{id}/toggle", Access::admin, toggle_one<Package>},
    {Method::put, "/api/v1/packages/{id}/features/{feature_id}", Access::admin, set_assignment},
    {Method::del, "/api/v1/packages/{id}/features/{feature_id}", Access::admin, remove_assignment},
    {Method::put, "/api/v1/packages/{id}/platforms/{platform_id}", Access::admin, open_platform},
    {Method::del, "/api/v1/packages/{id}/platforms/{platform_id}", Access::admin, close_platform},

    {Method::get, "/api/v1/clients", Access::admin, list_of<Client>, page("active", "package")},
    {Method::post, "/api/v1/clients", Access::admin, create_one<Client>},
    {Method::get, "/api/v1/clients/{id}", Access::admin, read_one<Client>, {"at"}},
    {Method::patch, "/api/v1/clients/{id}", Access::admin, update_one<Client>},
    {Method::del, "/api/v1/clients/{id}", Access::admin, delete_one<Client>, {"force"}},
    {Method::post, "/api/v1/clients/{id}/toggle", Access::admin, toggle_one<Client>},
    {Method::put, "/api/v1/clients/{id}/overrides/{feature_id}", Access::admin, set_override},
    {Method::del, "/api/v1/clients/{id}/overrides/{feature_id}", Access::admin, remove_override},

    {Method::get,
     "/api/v1/clients/{id}/effective",
     Access::admin,
     read_effective,
     {"visible", "context", "feature"},
     Units{10}},
    {Method::post, "/api/v1/evaluate", Access::admin, evaluate, {}, Effect::evaluate, Units{10}},
    {Method::post, "/api/v1/preview", Access::admin, preview, {}, Effect::evaluate, Units{40}},

    {Method::get, "/api/v1/clients/{id}/connections", Access::admin, read_client_connections, {}, Units{10}},
    {Method::get, "/api/v1/clients/{id}/tokens", Access::admin, list_tokens, page()},
    {Method::post, "/api/v1/clients/{id}/tokens", Access::admin, issue_token},
    {Method::del, "/api/v1/clients/{id}/tokens/{token_id}", Access::admin, revoke_token},
    {Method::post, "/api/v1/signing-keys", Access::admin, rotate_signing_key},

    {Method::get, "/api/v1/admins", Access::admin, list_admins, page("role", "active")},
    {Method::post, "/api/v1/admins", Access::admin, create_admin},
    {Method::get, "/api/v1/admins/{id}", Access::admin, read_admin},
    {Method::patch, "/api/v1/admins/{id}", Access::admin, update_admin},
    {Method::del, "/api/v1/admins/{id}", Access::admin, delete_admin},
    {Method::post, "/api/v1/admins/{id}/toggle", Access::admin, toggle_admin},

    {Method::get, "/api/v1/environments", Access::admin, list_environments},
    {Method::post, "/api/v1/environments", Access::admin, create_environment},
    {Method::get, "/api/v1/environments/{key}", Access::admin, read_environment},
    {Method::post, "/api/v1/environments/{key}/copy", Access::admin, copy_environment},

    {Method::get,
     "/api/v1/activity",
     Access::admin,
     list_activity,
     {"limit", "before", "entity_type", "entity_id", "type", "actor", "source", "since", "until", "q"},
     Units{10}},
    {Method::post, "/api/v1/activity/{revision}/undo", Access::admin, undo_activity},
    {Method::get,
     "/api/v1/changes/{revision}/rollout",
     Access::admin,
     read_rollout,
     {"epoch", "stage", "limit", "cursor", "format"},
     Units{10}},
    {Method::get, "/api/v1/state", Access::admin, read_state, {"at"}, Units{40}},
    {Method::get, "/api/v1/state/diff", Access::admin, read_difference, {"from", "to"}, Units{80}},

    {Method::get, "/api/v1/cluster", Access::admin, read_cluster, {}, Units{10}},

    {Method::get, "/api/v1/messages", Access::admin, list_messages, {"state", "before", "limit"}, Units{10}},
    {Method::get,
     "/api/v1/messages/{id}",
     Access::admin,
     read_message,
     {"state", "after", "limit"},
     Units{10}},
    {Method::del, "/api/v1/messages/{id}", Access::admin, withdraw_message},

    {Method::post, "/api/v1/broadcasts/{name}", Access::admin, broadcast, {}, Effect::message},
};

}  // namespace

std::span<const Route> routes() noexcept { return kRoutes; }

}  // namespace togglecast::http_api
