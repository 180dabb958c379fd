#include "web/own_hosts.hpp"

#include <algorithm>
#include <utility>

namespace togglecast::web {

Result<OwnHosts> OwnHosts::parse(const std::vector<std::string>& urls) {
  OwnHosts hosts;
  for (const std::string& url : urls) {
    const std::string_view text(url);
    auto origin = wire::http::parse_origin(
        text.ends_with("//") || !text.ends_with('/') ? text : text.substr(0, text.size() - 1));
    const bool web = origin && (origin->scheme == "http" || origin->scheme == "https");
    if (!web) {
      const std::string reason = origin ? "its scheme is neither http nor https" : origin.error().message;
      return fail(Errc::invalid_argument, "'" + url + "' is not a URL of this server: " + reason +
                                              "; write one like https://flags.example");
    }
    hosts.listed_.push_back(*std::move(origin));
  }
  return hosts;
}

bool OwnHosts::include(const wire::http::Authority& asked) const {
  if (asked.is_address || wire::http::is_localhost(asked.host)) return true;
  return std::any_of(listed_.begin(), listed_.end(),
                     [&](const auto& own) { return own.authority.host == asked.host; });
}

bool OwnHosts::list(const wire::http::Origin& origin) const {
  return std::find(listed_.begin(), listed_.end(), origin) != listed_.end();
}

const wire::http::Origin* OwnHosts::listed(const wire::http::Authority& asked) const {
  const wire::http::Origin* found = nullptr;
  for (const wire::http::Origin& own : listed_) {
    if (own.authority.host != asked.host) continue;
    if (own.authority.port == asked.port) return &own;
    if (found == nullptr) found = &own;
  }
  return found;
}

}  // namespace togglecast::web
