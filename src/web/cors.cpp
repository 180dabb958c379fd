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

Cors::Cors(CorsOptions options) : options_(std::move(options)) {
  for (const std::string& text : options_.origins)
    if (auto origin = wire::http::parse_origin(text)) origins_.push_back(*std::move(origin));
}

bool Cors::enabled() const noexcept { return options_.any_origin || !options_.origins.empty(); }

bool Cors::names(std::string_view origin) const {
  const auto& origins = options_.origins;
  if (std::find(origins.begin(), origins.end(), origin) != origins.end()) return true;
  const auto read = wire::http::parse_origin(origin);
  return read && std::find(origins_.begin(), origins_.end(), *read) != origins_.end();
}

bool Cors::allows(const wire::http::Request& request, const Peer& peer) const {
  const std::string_view text = request.headers.value("Origin");
  if (text.empty() || options_.any_origin || names(text)) return true;
  const auto origin = wire::http::parse_origin(text);
  if (!origin) return false;
  const auto& own = options_.own_hosts;
  if (own && own->list(*origin)) return true;
  auto host = wire::http::parse_authority(peer.host_of(request));
  if (!host || (own && !own->include(*host))) return false;
  return *origin == wire::http::origin_of(peer.secure, *std::move(host));
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
    } else if (names(origin)) {
      headers.add("Access-Control-Allow-Origin", origin);
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
  response.headers.add("Access-Control-Allow-Methods", kMethods);
  if (!options_.allowed_headers.empty()) {
    response.headers.add("Access-Control-Allow-Headers", joined(options_.allowed_headers));
  } else if (const auto requested = request.headers.value("Access-Control-Request-Headers");
             !requested.empty()) {
    response.headers.add("Access-Control-Allow-Headers", requested);
    response.headers.add("Vary", "Access-Control-Request-Headers");
  }
  if (options_.max_age)
    response.headers.add("Access-Control-Max-Age", std::to_string(options_.max_age->count()));
  response.headers.add("Content-Length", "0");
  return response;
}

bool is_well_formed_origin(std::string_view origin) noexcept {
  return std::all_of(origin.begin(), origin.end(), [](char c) {
    return c > 0x20 && c < 0x7f && kNeverInOrigin.find(c) == std::string_view::npos;
  });
}

std::string quoted_origin(std::string_view origin) {
  constexpr std::size_t kLongest = 200;
  return std::string(origin.substr(0, kLongest)) + (origin.size() > kLongest ? "…" : "");
}

}  // namespace togglecast::web
