#include "http_api/routes.hpp"

#include "http_api/catalogue.hpp"
#include "http_api/handlers.hpp"

namespace togglecast::http_api {
namespace {

using domain::Client;
using domain::Feature;
using domain::Package;
using domain::Platform;
using domain::Segment;
using wire::http::Method;

constexpr Route kRoutes[] = {
    {Method::get, "/", Access::open, front_page},
    {Method::get, "/healthz", Access::probe, health},
    {Method::get, "/readyz", Access::probe, readiness},
    {Method::get, "/healthz/details", Access::operators, health_details},
    {Method::get, "/metrics", Access::operators, metrics},
    {Method::get, "/api/v1/openapi.json", Access::open, openapi},

    {Method::post, "/api/v1/auth/login", Access::login, login},
    {Method::post, "/api/v1/auth/logout", Access::admin, logout},
    {Method::post, "/api/v1/auth/password", Access::admin, change_password},

    {Method::get, "/api/v1/platforms", Access::admin, list_of<Platform>},
    {Method::post, "/api/v1/platforms", Access::admin, create_one<Platform>},
    {Method::get, "/api/v1/platforms/{id}", Access::admin, read_one<Platform>},
    {Method::patch, "/api/v1/platforms/{id}", Access::admin, update_one<Platform>},
    {Method::del, "/api/v1/platforms/{id}", Access::admin, delete_one<Platform>},
    {Method::post, "/api/v1/platforms/{id}/toggle", Access::admin, toggle_one<Platform>},

    {Method::get, "/api/v1/features", Access::admin, list_of<Feature>},
    {Method::post, "/api/v1/features", Access::admin, create_one<Feature>},
    {Method::get, "/api/v1/features/{id}", Access::admin, read_one<Feature>},
    {Method::patch, "/api/v1/features/{id}", Access::admin, update_one<Feature>},
    {Method::del, "/api/v1/features/{id}", Access::admin, delete_one<Feature>},
    {Method::post, "/api/v1/features/{id}/toggle", Access::admin, toggle_one<Feature>},
    {Method::post, "/api/v1/features/{id}/sub-features/{key}/toggle", Access::admin, toggle_sub_feature},

    {Method::get, "/api/v1/segments", Access::admin, list_of<Segment>},
    {Method::post, "/api/v1/segments", Access::admin, create_one<Segment>},
    {Method::get, "/api/v1/segments/{id}", Access::admin, read_one<Segment>},
    {Method::patch, "/api/v1/segments/{id}", Access::admin, update_one<Segment>},
    {Method::del, "/api/v1/segments/{id}", Access::admin, delete_one<Segment>},

    {Method::get, "/api/v1/packages", Access::admin, list_of<Package>},
    {Method::post, "/api/v1/packages", Access::admin, create_one<Package>},
    {Method::get, "/api/v1/packages/{id}", Access::admin, read_one<Package>},
    {Method::patch, "/api/v1/packages/{id}", Access::admin, update_one<Package>},
    {Method::del, "/api/v1/packages/{id}", Access::admin, delete_one<Package>},
    {Method::post, "/api/v1/packages/{id}/toggle", Access::admin, toggle_one<Package>},

    {Method::get, "/api/v1/clients", Access::admin, list_of<Client>},
    {Method::post, "/api/v1/clients", Access::admin, create_one<Client>},
    {Method::get, "/api/v1/clients/{id}", Access::admin, read_one<Client>},
    {Method::patch, "/api/v1/clients/{id}", Access::admin, update_one<Client>},
    {Method::del, "/api/v1/clients/{id}", Access::admin, delete_one<Client>},
    {Method::post, "/api/v1/clients/{id}/toggle", Access::admin, toggle_one<Client>},
    {Method::put, "/api/v1/clients/{id}/overrides/{feature_id}", Access::admin, set_override},
    {Method::del, "/api/v1/clients/{id}/overrides/{feature_id}", Access::admin, remove_override},

    {Method::get, "/api/v1/clients/{id}/effective", Access::admin, read_effective},
    {Method::post, "/api/v1/evaluate", Access::admin, evaluate, false},
    {Method::post, "/api/v1/preview", Access::admin, preview, false},

    {Method::get, "/api/v1/clients/{id}/tokens", Access::admin, list_tokens},
    {Method::post, "/api/v1/clients/{id}/tokens", Access::admin, issue_token},
    {Method::del, "/api/v1/clients/{id}/tokens/{token_id}", Access::admin, revoke_token},

    {Method::get, "/api/v1/admins", Access::admin, list_admins},
    {Method::post, "/api/v1/admins", Access::admin, create_admin},
    {Method::get, "/api/v1/admins/{id}", Access::admin, read_admin},
    {Method::patch, "/api/v1/admins/{id}", Access::admin, update_admin},
    {Method::del, "/api/v1/admins/{id}", Access::admin, delete_admin},
    {Method::post, "/api/v1/admins/{id}/toggle", Access::admin, toggle_admin},

    {Method::get, "/api/v1/activity", Access::admin, list_activity},
    {Method::post, "/api/v1/activity/{revision}/undo", Access::admin, undo_activity},
    {Method::get, "/api/v1/state", Access::admin, read_state},
    {Method::get, "/api/v1/state/diff", Access::admin, read_difference},

    {Method::post, "/api/v1/broadcasts/{name}", Access::admin, broadcast, false},
};

}  // namespace

std::span<const Route> routes() noexcept { return kRoutes; }

}  // namespace togglecast::http_api
