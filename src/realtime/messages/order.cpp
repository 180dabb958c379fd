#include "realtime/messages/order.hpp"

#include <array>
#include <utility>

#include "realtime/protocol/events.hpp"

namespace togglecast::realtime {
namespace {

constexpr std::array kOrders{Order::Kind::tell, Order::Kind::entity, Order::Kind::sync, Order::Kind::status,
                             Order::Kind::count};
constexpr std::size_t kMostReason = 200;

tl::unexpected<Error> no_order(const char* why) {
  return fail(Errc::invalid_argument, std::string("the order has no usable ") + why);
}

bool is_message(std::string_view event) {
  return event == event::kAnnouncement || event == event::kAdminNotification ||
         event == event::kClientNotification;
}

}  // namespace

std::string_view to_string(Order::Kind kind) noexcept {
  switch (kind) {
    case Order::Kind::tell:
      return "tell";
    case Order::Kind::entity:
      return "entity";
    case Order::Kind::sync:
      return "sync";
    case Order::Kind::status:
      return "status";
    case Order::Kind::count:
      return "count";
  }
  return "";
}

json::object to_json(const Order& order) {
  json::object out{{"order", to_string(order.kind)},
                   {"environment", order.environment},
                   {"revision", order.revision},
                   {"to", service::to_json(order.to)}};
  if (!order.event.empty()) out["event"] = order.event;
  if (!order.payload.empty()) out["payload"] = order.payload;
  if (order.kind == Order::Kind::entity) {
    out["entity_type"] = domain::to_string(order.entity);
    out["entity_id"] = order.id;
  }
  if (!order.reason.empty()) out["reason"] = order.reason;
  return out;
}

Result<Order> read_order(const json::object& body) {
  const json::value all(body);
  Order order;
  bool known = false;
  for (const auto kind : kOrders) {
    if (json::string_or_empty(all, "order") != to_string(kind)) continue;
    order.kind = kind;
    known = true;
  }
  if (!known) return no_order("order");
  order.environment = json::string_or_empty(all, "environment");
  if (!domain::is_key(order.environment)) return no_order("environment");
  const auto number = [&all](std::string_view name) {
    const auto* given = json::find(all, name);
    return given == nullptr ? std::nullopt : domain::integer_in(*given);
  };
  order.revision = number("revision").value_or(0);
  const auto* to = json::find(all, "to");
  auto receivers = to == nullptr ? Result<service::Receivers>{} : service::receivers_in(*to);
  if (to == nullptr || !receivers) return no_order("receivers");
  order.to = *receivers;
  if (const auto* payload = json::find(all, "payload"); payload != nullptr && payload->is_object())
    order.payload = payload->get_object();
  order.event = json::string_or_empty(all, "event");
  order.reason = json::string_or_empty(all, "reason");
  switch (order.kind) {
    case Order::Kind::tell:
      if (!is_message(order.event) || order.payload.empty()) return no_order("event");
      break;
    case Order::Kind::entity: {
      const auto kind = domain::parse_kind(json::string_or_empty(all, "entity_type"));
      order.id = number("entity_id").value_or(0);
      if (!kind || !domain::is_id(order.id)) return no_order("entity");
      order.entity = *kind;
      break;
    }
    case Order::Kind::sync:
      if (order.reason.empty() || order.reason.size() > kMostReason) return no_order("reason");
      break;
    case Order::Kind::status:
      if (!status_in(order.payload)) return no_order("status");
      break;
    case Order::Kind::count:
      break;
  }
  return order;
}

Result<service::SystemStatus> status_in(const json::object& payload) {
  json::object body = payload;
  const json::value whole(payload);
  const auto at = parse_iso8601(json::string_or_empty(whole, "timestamp"));
  if (!at) return tl::unexpected(at.error());
  body.erase("timestamp");
  if (json::string_or_empty(whole, "message").empty()) body.erase("message");
  auto status = service::read_system_status(body);
  if (status) status->at = *at;
  return status;
}

}  // namespace togglecast::realtime
