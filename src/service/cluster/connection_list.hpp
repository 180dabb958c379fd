// The live connections of an environment, of all nodes. A port: `realtime` implements it. Thread rule: any
// thread; `done` runs on any thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "base/error.hpp"
#include "base/json.hpp"
#include "domain/schema/ids.hpp"
#include "service/accounts/principal.hpp"

namespace togglecast::service {

inline constexpr std::size_t kMostConnections = 500;  ///< on one page

struct ConnectionQuery {
  enum class Namespace : std::uint8_t { any, admin, client };
  enum class Sort : std::uint8_t { name, connected_at, lag, last_seen, round_trip };

  Namespace nsp = Namespace::any;
  std::optional<domain::Id> client{};  ///< only connections of this client
  std::string node{};                  ///< id or name of a node; empty: of all
  std::string search{};                ///< part of the name or key, ASCII case ignored; empty: any
  std::optional<bool> lagging{};
  Sort sort = Sort::name;
  bool descending = false;
  std::size_t limit = 50;
  std::string cursor{};  ///< of the page before; empty: the first page
};

/// `name`, `connected_at`, `lag`, `last_seen_ms`, `round_trip_ms`; `-` in front: descending.
[[nodiscard]] constexpr std::string_view to_string(ConnectionQuery::Sort sort) noexcept {
  switch (sort) {
    case ConnectionQuery::Sort::name:
      return "name";
    case ConnectionQuery::Sort::connected_at:
      return "connected_at";
    case ConnectionQuery::Sort::lag:
      return "lag";
    case ConnectionQuery::Sort::last_seen:
      return "last_seen_ms";
    case ConnectionQuery::Sort::round_trip:
      return "round_trip_ms";
  }
  return "name";
}

class ConnectionList {
 public:
  virtual ~ConnectionList() = default;

  /// `{items, total, next_cursor?, missing?}`. `invalid_argument` for a cursor that is not one of this list.
  virtual void list(const Principal& who, const ConnectionQuery& query,
                    std::function<void(Result<json::object>)> done) = 0;
  /// Ends the connection with this id; its client may come back. `not_found`: there is none in the caller's
  /// environment on the nodes that answered; `forbidden`: it is an admin's, and the caller does not manage
  /// admins.
  virtual void end(const Principal& who, const std::string& id, std::function<void(Result<void>)> done) = 0;
};

}  // namespace togglecast::service
