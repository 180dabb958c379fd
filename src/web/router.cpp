#include "web/router.hpp"

#include <algorithm>
#include <optional>

namespace togglecast::web {
namespace {

using wire::http::Method;

std::vector<std::string_view> segments_of(std::string_view path) {
  std::vector<std::string_view> segments;
  if (!path.empty() && path.front() == '/') path.remove_prefix(1);
  while (true) {
    const std::size_t slash = path.find('/');
    segments.push_back(path.substr(0, slash));
    if (slash == std::string_view::npos) return segments;
    path.remove_prefix(slash + 1);
  }
}

std::string_view without_last_slash(std::string_view path) {
  if (path.size() > 1 && path.ends_with('/') && !path.ends_with("//")) path.remove_suffix(1);
  return path;
}

bool is_parameter(std::string_view segment) {
  return segment.size() > 2 && segment.front() == '{' && segment.back() == '}';
}

}  // namespace

struct Router::Route {
  Method method;
  std::vector<std::string> segments;
  HttpHandler handler;
  RouteOptions options;

  [[nodiscard]] bool fits(const std::vector<std::string_view>& path) const {
    if (path.size() != segments.size()) return false;
    for (std::size_t i = 0; i < path.size(); ++i) {
      if (is_parameter(segments[i]) ? path[i].empty() : path[i] != segments[i]) return false;
    }
    return true;
  }
  // Fixed segments before parameters, from the left.
  [[nodiscard]] bool more_specific_than(const Route& other) const {
    for (std::size_t i = 0; i < segments.size(); ++i) {
      const bool mine = is_parameter(segments[i]);
      const bool theirs = is_parameter(other.segments[i]);
      if (mine != theirs) return theirs;
    }
    return false;
  }
};

struct Router::Mount {
  std::string prefix;
  HttpHandler handler;
  RouteOptions options;
};

Router::Router() = default;
Router::~Router() = default;
Router::Router(Router&&) noexcept = default;
Router& Router::operator=(Router&&) noexcept = default;

void Router::add(Method method, std::string_view pattern, HttpHandler handler, RouteOptions options) {
  auto route = std::make_shared<Route>();
  route->method = method;
  for (const auto segment : segments_of(pattern)) route->segments.emplace_back(segment);
  route->handler = std::move(handler);
  route->options = std::move(options);
  routes_.push_back(std::move(route));
}

void Router::mount(std::string prefix, HttpHandler handler, RouteOptions options) {
  mounts_.push_back({std::move(prefix), std::move(handler), std::move(options)});
  std::stable_sort(mounts_.begin(), mounts_.end(),
                   [](const Mount& a, const Mount& b) { return a.prefix.size() > b.prefix.size(); });
}

RouteMatch Router::match(Method method, std::string_view path) const {
  RouteMatch match;
  const auto segments = segments_of(without_last_slash(path));
  const Route* best = nullptr;
  for (const auto& route : routes_) {
    if (!route->fits(segments)) continue;
    const bool serves = route->method == method || (method == Method::head && route->method == Method::get);
    if (!serves) {
      if (!match.allow.empty()) match.allow += ", ";
      match.allow += wire::http::to_string(route->method);
    } else if (best == nullptr || route->more_specific_than(*best)) {
      best = route.get();
    }
  }
  if (best != nullptr) {
    match.handler = &best->handler;
    match.options = &best->options;
    match.allow.clear();
    for (std::size_t i = 0; i < segments.size(); ++i) {
      const std::string& pattern = best->segments[i];
      if (!is_parameter(pattern)) continue;
      std::string value;
      if (!wire::http::percent_decode(segments[i], value)) value.clear();
      match.parameters.emplace_back(pattern.substr(1, pattern.size() - 2), std::move(value));
    }
    return match;
  }
  if (!match.allow.empty()) return match;
  for (const auto& mount : mounts_) {
    if (path.substr(0, mount.prefix.size()) != mount.prefix) continue;
    match.handler = &mount.handler;
    match.options = &mount.options;
    return match;
  }
  return match;
}

}  // namespace togglecast::web
