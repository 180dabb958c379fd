#include "http_api/routes.hpp"

#include "http_api/handlers.hpp"

namespace togglecast::http_api {
namespace {

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

    {Method::get, "/api/v1/platforms", Access::admin, list_platforms},
    {Method::post, "/api/v1/platforms", Access::admin, create_platform},
    {Method::get, "/api/v1/platforms/{id}", Access::admin, read_platform},
    {Method::patch, "/api/v1/platforms/{id}", Access::admin, update_platform},
    {Method::del, "/api/v1/platforms/{id}", Access::admin, delete_platform},
    {Method::post, "/api/v1/platforms/{id}/toggle", Access::admin, toggle_platform},

    {Method::get, "/api/v1/clients", Access::admin, list_clients},
    {Method::post, "/api/v1/clients", Access::admin, create_client},
    {Method::get, "/api/v1/clients/{id}", Access::admin, read_client},
    {Method::patch, "/api/v1/clients/{id}", Access::admin, update_client},
    {Method::del, "/api/v1/clients/{id}", Access::admin, delete_client},

    {Method::get, "/api/v1/clients/{id}/tokens", Access::admin, list_tokens},
    {Method::post, "/api/v1/clients/{id}/tokens", Access::admin, issue_token},
    {Method::del, "/api/v1/clients/{id}/tokens/{token_id}", Access::admin, revoke_token},

    {Method::get, "/api/v1/admins", Access::admin, list_admins},
    {Method::post, "/api/v1/admins", Access::admin, create_admin},
    {Method::get, "/api/v1/admins/{id}", Access::admin, read_admin},
    {Method::patch, "/api/v1/admins/{id}", Access::admin, update_admin},
    {Method::del, "/api/v1/admins/{id}", Access::admin, delete_admin},

    {Method::get, "/api/v1/activity", Access::admin, list_activity},

    {Method::post, "/api/v1/broadcasts/{name}", Access::admin, broadcast},
};

}  // namespace

std::span<const Route> routes() noexcept { return kRoutes; }

}  // namespace togglecast::http_api
