#include "web/cors.hpp"

#include <algorithm>
#include <utility>

namespace togglecast::web {
namespace {

constexpr std::string_view kNeverInOrigin = "\"<>\\^`{|}";  // of what one could type
constexpr std::string_view kMethods = "GET,HEAD,PUT,PATCH,POST,DELETE";

std::string joined(const std::vector<std::string>& items) {
  std::string text;
  for (const auto& item : items) {
    if (!text.empty()) text += ',';
    text += item;
  }
  return text;
}

}  // namespace

Cors::Cors(CorsOptions options) : options_(std::move(options)) {}

bool Cors::enabled() const noexcept { return options_.any_origin || !options_.origins.empty(); }

bool Cors::allows(const wire::http::Request& request, bool secure) const {
  const std::string_view origin = request.headers.value("Origin");
  if (origin.empty() || options_.any_origin) return true;
  if (std::find(options_.origins.begin(), options_.origins.end(), origin) != options_.origins.end())
    return true;
  const std::string own =
      std::string(secure ? "https://" : "http://") + std::string(request.headers.value("Host"));
  return wire::http::Headers::same_name(origin, own);
}

void Cors::decorate(const wire::http::Request& request, wire::http::Headers& headers) const {
  if (!enabled()) return;
  if (options_.any_origin) {
    headers.add("Access-Control-Allow-Origin", "*");
  } else {
    const std::string_view origin = request.headers.value("Origin");
    const auto& origins = options_.origins;
    if (origins.size() == 1) {
      headers.add("Access-Control-Allow-Origin", origins.front());
    } else if (std::find(origins.begin(), origins.end(), origin) != origins.end()) {
      headers.add("Access-Control-Allow-Origin", std::string(origin));
    }
    headers.add("Vary", "Origin");
  }
  if (options_.credentials) headers.add("Access-Control-Allow-Credentials", "true");
  if (!options_.exposed_headers.empty())
    headers.add("Access-Control-Expose-Headers", joined(options_.exposed_headers));
}

wire::http::Response Cors::preflight(const wire::http::Request& request) const {
  wire::http::Response response;
  response.status = 204;
  decorate(request, response.headers);
  response.headers.add("Access-Control-Allow-Methods", std::string(kMethods));
  if (!options_.allowed_headers.empty()) {
    response.headers.add("Access-Control-Allow-Headers", joined(options_.allowed_headers));
  } else if (const auto requested = request.headers.value("Access-Control-Request-Headers");
             !requested.empty()) {
    response.headers.add("Access-Control-Allow-Headers", std::string(requested));
    response.headers.add("Vary", "Access-Control-Request-Headers");
  }
  response.headers.add("Content-Length", "0");
  return response;
}

bool is_well_formed_origin(std::string_view origin) noexcept {
  return std::all_of(origin.begin(), origin.end(), [](char c) {
    return c > 0x20 && c < 0x7f && kNeverInOrigin.find(c) == std::string_view::npos;
  });
}

}  // namespace togglecast::web
