#include "wire/http/forwarded.hpp"

#include <algorithm>
#include <array>
#include <cstddef>
#include <utility>

#include "wire/http/text.hpp"

namespace togglecast::wire::http {
namespace {

constexpr std::string_view kForwarded = "Forwarded";
constexpr std::array<std::string_view, 6> kXForwarded{"X-Forwarded-For",    "X-Forwarded-Proto",
                                                      "X-Forwarded-Host",   "X-Forwarded-Port",
                                                      "X-Forwarded-Scheme", "X-Forwarded-Ssl"};

// `192.0.2.1`, `192.0.2.1:99`, `[2001:db8::1]:99` to the address alone.
std::string_view without_port(std::string_view text) {
  if (text.starts_with('[')) {
    const std::size_t end = text.find(']');
    return end == std::string_view::npos ? std::string_view{} : text.substr(1, end - 1);
  }
  const std::size_t colon = text.find(':');
  const bool one = colon != std::string_view::npos && text.find(':', colon + 1) == std::string_view::npos;
  return one ? text.substr(0, colon) : text;
}

std::vector<std::string> list_of(const Headers& headers, std::string_view name) {
  std::vector<std::string> items;
  for (const auto& [field, value] : headers.fields()) {
    if (!equal_ignoring_case(field, name)) continue;
    std::string_view rest = value;
    while (true) {
      const std::size_t comma = rest.find(',');
      std::string_view item = trimmed(rest.substr(0, comma));
      if (item.size() >= 2 && item.front() == '"' && item.back() == '"')
        item = item.substr(1, item.size() - 2);
      items.emplace_back(item);
      if (comma == std::string_view::npos) break;
      rest.remove_prefix(comma + 1);
    }
  }
  return items;
}

// The item of `list` for the hop that is `from_right`, where 1 is the nearest.
std::string item_of(const std::vector<std::string>& list, std::size_t from_right) {
  if (list.empty()) return {};
  return from_right <= list.size() ? list[list.size() - from_right] : list.front();
}

// Reads `text` from its front.
class ElementReader {
 public:
  explicit ElementReader(std::string_view text) : rest_(text) {}

  [[nodiscard]] bool done() const noexcept { return rest_.empty(); }
  // One hop, up to a comma or the end. Empty if it is broken.
  ForwardedHop hop() {
    ForwardedHop hop;
    bool broken = false;
    while (true) {
      skip_space();
      const std::string name = token();
      if (!name.empty()) {
        std::string value;
        if (!take('=') || !read_value(value)) broken = true;
        if (equal_ignoring_case(name, "for")) {
          hop.address = without_port(value);
        } else if (equal_ignoring_case(name, "proto")) {
          hop.scheme = std::move(value);
        } else if (equal_ignoring_case(name, "host")) {
          hop.host = std::move(value);
        }
      }
      skip_space();
      if (take(';')) continue;
      if (done() || take(',')) break;
      broken = true;
      skip_broken();
    }
    return broken ? ForwardedHop{} : hop;
  }

 private:
  bool take(char c) {
    if (!rest_.starts_with(c)) return false;
    rest_.remove_prefix(1);
    return true;
  }
  void skip_space() {
    while (rest_.starts_with(' ') || rest_.starts_with('\t')) rest_.remove_prefix(1);
  }
  // Without quotes, more is taken than a token may have: proxies write `for=[2001:db8::1]:80`.
  std::string token() {
    const std::size_t end = std::min(rest_.find_first_of(" \t\",;="), rest_.size());
    std::string text(rest_.substr(0, end));
    rest_.remove_prefix(end);
    return text;
  }
  bool read_value(std::string& value) {
    if (!take('"')) {
      value = token();
      return !value.empty();
    }
    const std::string_view behind_quote = rest_;
    while (!done()) {
      if (take('"')) return true;
      if (take('\\') && done()) break;
      value += rest_.front();
      rest_.remove_prefix(1);
    }
    rest_ = behind_quote;  // a quote that a client opened must not hide the hops that proxies appended
    return false;
  }
  // To the next pair, so that the hop ends at the same comma whatever stands in it.
  void skip_broken() {
    bool quoted = false;
    while (!done()) {
      const char c = rest_.front();
      if (!quoted && (c == ',' || c == ';')) return;
      if (c == '"') quoted = !quoted;
      rest_.remove_prefix(c == '\\' && quoted && rest_.size() > 1 ? 2 : 1);
    }
  }

  std::string_view rest_;
};

}  // namespace

std::vector<ForwardedHop> forwarded_hops(const Headers& headers) {
  std::vector<ForwardedHop> hops;
  for (const auto& [field, value] : headers.fields()) {
    if (!equal_ignoring_case(field, kForwarded)) continue;
    ElementReader reader(value);
    do {
      hops.push_back(reader.hop());
    } while (!reader.done());
  }
  return hops;
}

std::vector<ForwardedHop> x_forwarded_hops(const Headers& headers) {
  const auto addresses = list_of(headers, "X-Forwarded-For");
  auto schemes = list_of(headers, "X-Forwarded-Proto");
  if (schemes.empty()) schemes = list_of(headers, "X-Forwarded-Scheme");
  if (schemes.empty()) {
    schemes = list_of(headers, "X-Forwarded-Ssl");
    for (std::string& one : schemes) one = equal_ignoring_case(one, "on") ? "https" : "http";
  }
  const auto hosts = list_of(headers, "X-Forwarded-Host");
  const auto ports = list_of(headers, "X-Forwarded-Port");
  std::vector<ForwardedHop> hops;
  const bool any = !schemes.empty() || !hosts.empty() || !ports.empty();
  for (std::size_t from_right = std::max<std::size_t>(addresses.size(), any ? 1 : 0); from_right > 0;
       --from_right) {
    ForwardedHop hop;
    if (from_right <= addresses.size()) hop.address = without_port(addresses[addresses.size() - from_right]);
    hop.scheme = item_of(schemes, from_right);
    hop.host = item_of(hosts, from_right);
    const std::string port = item_of(ports, from_right);
    const bool has_port = hop.host.find(':', hop.host.rfind(']') + 1) != std::string::npos;
    if (!port.empty() && !has_port) hop.host += ':' + port;
    hops.push_back(std::move(hop));
  }
  return hops;
}

std::string_view forwarded_name(const Headers& headers) noexcept {
  return headers.contains(kForwarded) ? kForwarded : std::string_view{};
}

std::string_view x_forwarded_name(const Headers& headers) noexcept {
  for (const auto& name : kXForwarded)
    if (headers.contains(name)) return name;
  return {};
}

}  // namespace togglecast::wire::http
