#include "http_api/request/access.hpp"

#include <algorithm>
#include <array>
#include <string>

#include "wire/http/text.hpp"

namespace togglecast::http_api {
namespace {

using wire::http::equal_ignoring_case;

constexpr std::string_view kScheme = "Bearer ";
constexpr std::array kProxyHeaders{"Forwarded",         "X-Forwarded-For", "X-Forwarded-Host",
                                   "X-Forwarded-Proto", "X-Real-IP",       "Via"};

// Only digits and dots, so that no name such as 127.example.com passes.
bool is_loopback_v4(std::string_view host) {
  return host.starts_with("127.") && host.find_first_not_of("0123456789.") == std::string_view::npos;
}

}  // namespace

Result<std::string_view> bearer_token(const wire::http::Request& request) {
  const std::string_view value = request.headers.value("Authorization");
  if (value.empty())
    return fail(Errc::unauthenticated,
                "this request needs a token; log in, then send the header Authorization: Bearer TOKEN");
  if (!equal_ignoring_case(value.substr(0, kScheme.size()), kScheme))
    return fail(Errc::unauthenticated, "the header Authorization must be: Bearer TOKEN");
  return wire::http::trimmed(value.substr(kScheme.size()));
}

std::string_view host_name(std::string_view host) noexcept {
  if (host.starts_with('[')) return host.substr(1, host.find(']') - 1);
  return host.substr(0, host.find(':'));
}

bool comes_from_this_machine(const wire::http::Request& request, const web::Peer& peer) {
  if (!peer.loopback) return false;
  const bool passed_on = std::any_of(kProxyHeaders.begin(), kProxyHeaders.end(),
                                     [&](const char* name) { return request.headers.contains(name); });
  if (passed_on) return false;
  const std::string_view host = host_name(request.headers.value("Host"));
  return host.empty() || equal_ignoring_case(host, "localhost") || host == "::1" || is_loopback_v4(host);
}

Error foreign_origin(const wire::http::Request& request, std::string_view option) {
  const std::string origin(request.headers.value("Origin"));
  return {Errc::forbidden,
          "pages of the origin " + origin +
              " may not send this request; to allow it, start the server with " + std::string(option) + " " +
              origin,
          {}};
}

}  // namespace togglecast::http_api
