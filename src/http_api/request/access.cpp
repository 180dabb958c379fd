#include "http_api/request/access.hpp"

#include <string>

#include "web/cors.hpp"
#include "wire/http/text.hpp"

namespace togglecast::http_api {
namespace {

using wire::http::equal_ignoring_case;

constexpr std::string_view kScheme = "Bearer ";
constexpr std::string_view kOfrep = "/ofrep/";

}  // namespace

Result<std::string_view> bearer_token(const wire::http::Request& request) {
  const std::string_view value = request.headers.value("Authorization");
  const bool by_ofrep = request.path.starts_with(kOfrep);
  if (by_ofrep && value.empty()) {
    const std::string_view key = wire::http::trimmed(request.headers.value("X-API-Key"));
    if (!key.empty()) return key;
  }
  if (by_ofrep && !value.empty() && value.find(' ') == std::string_view::npos) return value;
  if (value.empty())
    return fail(Errc::unauthenticated,
                "this request needs a token; log in, then send the header Authorization: Bearer TOKEN");
  if (!equal_ignoring_case(value.substr(0, kScheme.size()), kScheme))
    return fail(Errc::unauthenticated, "the header Authorization must be: Bearer TOKEN");
  return wire::http::trimmed(value.substr(kScheme.size()));
}

Error foreign_origin(const wire::http::Request& request, std::string_view option) {
  const std::string origin = web::quoted_origin(request.headers.value("Origin"));
  return {Errc::forbidden,
          "pages of the origin " + origin +
              " may not send this request; to allow it, start the server with " + std::string(option) + " " +
              origin,
          {}};
}

}  // namespace togglecast::http_api
