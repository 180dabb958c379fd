#include "http_api/sessions/cookies.hpp"

#include <algorithm>

#include "http_api/request/call.hpp"
#include "wire/http/cookies.hpp"
#include "wire/http/origin.hpp"
#include "wire/http/text.hpp"

namespace togglecast::http_api {
namespace {

constexpr std::string_view kRefreshPath = "/api/v1/auth";

// Browsers keep one set of cookies for all ports of a host, so a port is part of the name. `__Secure-` makes
// them refuse the cookie from a page without TLS. `__Host-` would need the path /.
std::string refresh_cookie_name(const Call& call) {
  const std::string origin = own_origin(call);
  std::string name = origin.starts_with("https:") ? "__Secure-togglecast_refresh" : "togglecast_refresh";
  const auto parsed = wire::http::parse_origin(origin);
  if (parsed && parsed->authority.port != 0) name += '_' + std::to_string(parsed->authority.port);
  return name;
}

}  // namespace

std::string own_origin(const Call& call) {
  const auto asked = wire::http::parse_authority(call.peer().host_of(call.request()));
  if (!asked) return call.peer().secure ? "https://localhost" : "http://localhost";
  const auto& hosts = call.api().options().cors.own_hosts;
  const wire::http::Origin* listed = hosts ? hosts->listed(*asked) : nullptr;
  return to_string(listed != nullptr ? *listed : wire::http::origin_of(call.peer().secure, *asked));
}

std::string cookie_field(const Call& call, const Cookie& cookie) {
  std::string field(cookie.name);
  field.append("=").append(cookie.value).append("; Path=").append(cookie.path);
  field += "; Max-Age=" + std::to_string(cookie.value.empty() ? 0 : cookie.life.count());
  field.append("; HttpOnly; SameSite=").append(cookie.same_site);
  if (own_origin(call).starts_with("https:")) field += "; Secure";
  return field;
}

std::string refresh_cookie_field(const Call& call, const Secret& token, UnixMillis until) {
  const UnixMillis now = call.api().clock().wall_now();
  const std::chrono::seconds life{std::max<std::int64_t>(1, (until.value - now.value) / 1'000)};
  return cookie_field(call, {refresh_cookie_name(call), token.reveal(), life, kRefreshPath, "Strict"});
}

std::string no_refresh_cookie_field(const Call& call) {
  return cookie_field(call, {refresh_cookie_name(call), {}, {}, kRefreshPath, "Strict"});
}

Secret refresh_cookie_of(const Call& call) {
  const auto value = wire::http::cookie(call.request().headers.value("Cookie"), refresh_cookie_name(call));
  return Secret(std::string(value.value_or("")));
}

Result<void> check_own_page(const Call& call) {
  const auto& headers = call.request().headers;
  const std::string_view type = headers.value("Content-Type");
  if (!wire::http::equal_ignoring_case(type.substr(0, type.find(';')), "application/json"))
    return fail(Errc::forbidden,
                "a session in a cookie needs the header Content-Type: application/json, and {} as the body");
  const std::string_view site = headers.value("Sec-Fetch-Site");
  if (site == "same-origin") return {};
  if (!site.empty())
    return fail(Errc::forbidden, "a session in a cookie may be used by pages of this server only");
  const auto origin = wire::http::parse_origin(headers.value("Origin"));
  const auto own = wire::http::parse_origin(own_origin(call));
  if (origin && own && *origin == *own) return {};
  return fail(Errc::forbidden,
              "a session in a cookie may be used by pages of this server only, and this request does not say "
              "that it comes from one (Sec-Fetch-Site, or Origin: " +
                  own_origin(call) + "); a program sends its refresh token in the body");
}

}  // namespace togglecast::http_api
