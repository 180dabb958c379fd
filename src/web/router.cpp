#include "web/router.hpp"

#include <algorithm>
#include <map>

namespace togglecast::web {
namespace {

using wire::http::Method;

// The next segment of a path, which is cut off it; false: there is none.
bool take_segment(std::string_view& path, std::string_view& segment) {
  if (path.empty() || path.front() != '/') return false;
  path.remove_prefix(1);
  segment = path.substr(0, path.find('/'));
  path.remove_prefix(segment.size());
  return true;
}

std::string_view without_last_slash(std::string_view path) {
  if (path.size() > 1 && path.ends_with('/') && !path.ends_with("//")) path.remove_suffix(1);
  return path;
}

bool is_parameter(std::string_view segment) {
  return segment.size() > 2 && segment.front() == '{' && segment.back() == '}';
}

}  // namespace

// The routes are a tree of segments. A segment of a path is a fixed one or else a parameter.
struct Router::Node {
  struct Served {
    Method method;
    std::vector<std::string> parameters;  // their names, in the order of the path
    HttpHandler handler;
    RouteOptions options;
  };

  std::map<std::string, std::unique_ptr<Node>, std::less<>> fixed;
  std::unique_ptr<Node> parameter;
  std::vector<Served> served;

  Node& child(std::string_view segment) {
    if (is_parameter(segment)) {
      if (parameter == nullptr) parameter = std::make_unique<Node>();
      return *parameter;
    }
    auto& node = fixed[std::string(segment)];
    if (node == nullptr) node = std::make_unique<Node>();
    return *node;
  }
};

// A path on its way through the tree.
struct Router::Search {
  Method method;
  RouteMatch& match;
  std::vector<std::string_view> values;  // of the parameters so far

  // Fixed segments before parameters, from the left. The methods of all routes of the path are collected
  // until one serves it.
  bool find(const Node& node, std::string_view path) {
    std::string_view segment;
    if (!take_segment(path, segment)) return serve(node);
    if (const auto fixed = node.fixed.find(segment); fixed != node.fixed.end() && find(*fixed->second, path))
      return true;
    if (node.parameter == nullptr || segment.empty()) return false;
    values.push_back(segment);
    if (find(*node.parameter, path)) return true;
    values.pop_back();
    return false;
  }

  bool serve(const Node& node) {
    for (const Node::Served& route : node.served) {
      const bool serves = route.method == method || (method == Method::head && route.method == Method::get);
      if (serves) {
        take(route);
        return true;
      }
      if (!match.allow.empty()) match.allow += ", ";
      match.allow += wire::http::to_string(route.method);
    }
    return false;
  }

  void take(const Node::Served& route) {
    match.handler = &route.handler;
    match.options = &route.options;
    match.allow.clear();
    for (std::size_t i = 0; i < values.size(); ++i) {
      std::string value;
      if (!wire::http::percent_decode(values[i], value)) value.clear();
      match.parameters.emplace_back(route.parameters[i], std::move(value));
    }
  }
};

struct Router::Mount {
  std::string prefix;
  HttpHandler handler;
  RouteOptions options;
};

Router::Router() : root_(std::make_unique<Node>()) {}
Router::~Router() = default;
Router::Router(Router&&) noexcept = default;
Router& Router::operator=(Router&&) noexcept = default;

void Router::add(Method method, std::string_view pattern, HttpHandler handler, RouteOptions options) {
  Node* node = root_.get();
  Node::Served route{method, {}, std::move(handler), std::move(options)};
  for (std::string_view segment; take_segment(pattern, segment);) {
    node = &node->child(segment);
    if (is_parameter(segment)) route.parameters.emplace_back(segment.substr(1, segment.size() - 2));
  }
  node->served.push_back(std::move(route));
}

void Router::mount(std::string prefix, HttpHandler handler, RouteOptions options) {
  mounts_.push_back({std::move(prefix), std::move(handler), std::move(options)});
  std::stable_sort(mounts_.begin(), mounts_.end(),
                   [](const Mount& a, const Mount& b) { return a.prefix.size() > b.prefix.size(); });
}

RouteMatch Router::match(Method method, std::string_view path) const {
  RouteMatch match;
  if (Search{method, match, {}}.find(*root_, without_last_slash(path))) return match;
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
