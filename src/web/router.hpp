// Which handler a request is for. Filled before the server starts, then read by all shards.
// Thread rule: not changed once a server uses it.
#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "web/exchange.hpp"
#include "wire/http/message.hpp"

namespace togglecast::web {

/// A request whose headers were announced will not reach its handler: its connection ended (status 0), or it
/// was refused with this status (413 and the like).
using BodyAborted = std::function<void(unsigned status)>;

struct RouteOptions {
  std::size_t body_limit = 64 * 1024;
  /// Called when the headers of a request with a body are complete, always before its handler. The returned
  /// function (may be empty) is called if the handler will not be.
  std::function<BodyAborted(const wire::http::Request&, net::Shard&)> on_headers{};
  /// The answer to a request that is refused while reading its body; not set: a JSON error body.
  std::function<wire::http::Response(const wire::http::Request&, unsigned status, std::string_view message)>
      refuse{};
};

struct RouteMatch {
  const HttpHandler* handler = nullptr;   ///< null: no such path, or not with this method
  const RouteOptions* options = nullptr;  ///< set whenever `handler` is
  std::vector<std::pair<std::string, std::string>> parameters;
  std::string allow;  ///< set when the path exists with other methods only: the list for `Allow` (answer 405)
};

class Router {
 public:
  /// A route of whole segments; `{name}` matches one segment. Fixed segments win over parameters. GET also
  /// serves HEAD.
  void add(wire::http::Method method, std::string_view pattern, HttpHandler handler,
           RouteOptions options = {});
  /// Everything whose raw path begins with `prefix`, all methods. Longer prefixes win; routes win over
  /// mounts.
  void mount(std::string prefix, HttpHandler handler, RouteOptions options = {});
  /// Headers, CORS and body-limit decisions use the same match.
  [[nodiscard]] RouteMatch match(wire::http::Method method, std::string_view path) const;

 private:
  struct Route;
  struct Mount;
  std::vector<std::shared_ptr<const Route>> routes_;
  std::vector<Mount> mounts_;

 public:
  Router();
  ~Router();
  Router(Router&&) noexcept;
  Router& operator=(Router&&) noexcept;
};

}  // namespace togglecast::web
