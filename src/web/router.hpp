// Finds the handler of a request. It is filled before the server starts; then all shards read it.
// Thread rule: immutable once a server uses it.
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

/// Called if a request was announced by its headers and will not reach its handler. The status is 0 if the
/// connection ended, and else that of the refusal, such as 413.
using BodyAborted = std::function<void(unsigned status)>;

struct RouteOptions {
  std::size_t body_limit = 64 * 1024;
  /// Served until the end of a stop: also on connections that began in it, and without closing them.
  bool drains = false;
  bool any_host = false;  ///< also for hosts that are not among `HttpOptions::own_hosts`: probes
  /// The most bytes of this request's body; asked when its headers are complete. Not set: `body_limit`.
  std::function<std::size_t(const wire::http::Request&)> body_limit_of{};
  /// Called when the headers of a request with a body are complete, before its handler. The function that it
  /// returns, which may be empty, is called if the handler will not be called.
  std::function<BodyAborted(const wire::http::Request&, net::Shard&)> on_headers{};
  /// Makes the answer to a request that is refused while its body is read. Not set: a JSON error.
  std::function<wire::http::Response(const wire::http::Request&, unsigned status, std::string_view message)>
      refuse{};
  /// Makes the answer to a request for a host that is not this server's, for programs. Not set: a JSON error.
  std::function<wire::http::Response(const Exchange&, unsigned status, std::string_view message)>
      refuse_host{};
};

struct RouteMatch {
  const HttpHandler* handler = nullptr;   ///< nullptr: no such path, or the path has other methods
  const RouteOptions* options = nullptr;  ///< set if `handler` is
  std::vector<std::pair<std::string, std::string>> parameters;
  std::string allow;  ///< if the path has other methods only: the list for `Allow` of a 405
};

class Router {
 public:
  /// Adds a route of whole segments. `{name}` matches any segment; a fixed segment wins over a parameter. A
  /// GET route also serves HEAD. A path with one more `/` at its end is the same path.
  void add(wire::http::Method method, std::string_view pattern, HttpHandler handler,
           RouteOptions options = {});
  /// Adds all paths that begin with `prefix` in their raw form, for all methods. The longest prefix wins.
  /// Routes win over mounts.
  void mount(std::string prefix, HttpHandler handler, RouteOptions options = {});
  /// The limit of the body and CORS use this match, too.
  [[nodiscard]] RouteMatch match(wire::http::Method method, std::string_view path) const;

 private:
  struct Node;
  struct Search;
  struct Mount;
  std::unique_ptr<Node> root_;
  std::vector<Mount> mounts_;

 public:
  Router();
  ~Router();
  Router(Router&&) noexcept;
  Router& operator=(Router&&) noexcept;
};

}  // namespace togglecast::web
