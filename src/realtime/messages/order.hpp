// What every node does for one call of `service::MessageSender`: a value that travels between nodes as JSON.
// Each node finds the receivers among its own connections. Thread rule: plain values and pure functions.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/error.hpp"
#include "base/json.hpp"
#include "domain/schema/kind.hpp"
#include "service/messages/receivers.hpp"

namespace togglecast::realtime {

struct Order {
  enum class Kind : std::uint8_t {
    tell,    ///< the event `event` with `payload`, to `to`
    entity,  ///< the stored entity once more
    sync,    ///< full views, to the clients of `to`; `reason`
    status,  ///< the system's status, `payload`, to all
    count,   ///< nothing; how many connections would get it?
  };
  Kind kind = Kind::tell;
  std::string environment;
  /// Of the node that was called: a receiver that is behind waits for it, if not for long.
  domain::Revision revision = 0;
  service::Receivers to{};
  std::string event{};
  json::object payload{};
  domain::Kind entity = domain::Kind::platform;
  domain::Id id = 0;
  std::string reason{};
};

[[nodiscard]] std::string_view to_string(Order::Kind kind) noexcept;
[[nodiscard]] json::object to_json(const Order& order);
/// `invalid_argument` for anything else; members that it does not know are ignored.
[[nodiscard]] Result<Order> read_order(const json::object& body);
/// `{status, message, components, timestamp}`, as `service::to_json` writes it.
[[nodiscard]] Result<service::SystemStatus> status_in(const json::object& payload);

}  // namespace togglecast::realtime
