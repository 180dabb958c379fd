#include "realtime/monitor/connection_rows.hpp"

#include <algorithm>
#include <cmath>
#include <iterator>
#include <utility>

#include "base/base64.hpp"
#include "delivery/shard_delivery.hpp"
#include "delivery/subscriber_index.hpp"

namespace togglecast::realtime {
namespace {

using service::ConnectionQuery;
using Sort = ConnectionQuery::Sort;

constexpr std::size_t kLongestText = 512;  // bytes of a name in a place
constexpr double kUnknown = -1;            // of a time: before all others

constexpr Sort kSorts[] = {Sort::name, Sort::connected_at, Sort::lag, Sort::last_seen, Sort::round_trip};

domain::Revision told(const SocketSubscriber& subscriber) {
  return subscriber.is_admin() ? delivery::ShardDelivery::told_admin(subscriber)
                               : delivery::SubscriberIndex::told(subscriber);
}

char lower(char c) noexcept { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

bool contains(std::string_view text, std::string_view part) {
  return std::search(text.begin(), text.end(), part.begin(), part.end(),
                     [](char a, char b) { return lower(a) == b; }) != text.end();
}

// A client's key follows its changes; the name of an admin is that of its session.
std::string_view name_of(const SocketSubscriber& subscriber) {
  return subscriber.client() == nullptr ? std::string_view(subscriber.who.name)
                                        : std::string_view(subscriber.client()->key);
}

json::value or_null(const std::string& text) { return text.empty() ? json::value() : json::value(text); }

json::value in_ms(const std::optional<Milliseconds>& time) {
  return time ? json::value(time->count()) : json::value(nullptr);
}

std::string text_in(const json::object& wire, std::string_view member) {
  const auto* found = wire.if_contains(member);
  const auto* text = found == nullptr ? nullptr : found->if_string();
  return text == nullptr ? std::string() : std::string(std::string_view(*text).substr(0, kLongestText));
}

std::optional<bool> flag_in(const json::object& wire, std::string_view member) {
  const auto* found = wire.if_contains(member);
  if (found == nullptr || !found->is_bool()) return std::nullopt;
  return found->get_bool();
}

}  // namespace

bool FirstRows::wants(const RowPlace& place) const {
  if (after_ && !order_(*after_, place)) return false;
  return rows_.size() <= limit_ || order_(place, std::prev(rows_.end())->first);
}

void FirstRows::add(RowPlace place, json::object row) {
  if (!wants(place)) return;
  rows_.emplace(std::move(place), std::move(row));
  if (rows_.size() > limit_ + 1) rows_.erase(std::prev(rows_.end()));
}

void FirstRows::merge(FirstRows& other) {
  count(other.total_);
  rows_.merge(other.rows_);
  while (rows_.size() > limit_ + 1) rows_.erase(std::prev(rows_.end()));
}

std::int64_t lag_of(const SocketSubscriber& subscriber) {
  return std::max<std::int64_t>(0, subscriber.home().state->revision() - told(subscriber));
}

bool is_lagging(const SocketSubscriber& subscriber) {
  using delivery::Stage;
  const Stage stage = subscriber.receipt().stage;
  return lag_of(subscriber) > 0 || stage == Stage::concerned || stage == Stage::sent;
}

RowPlace place_of(const SocketSubscriber& subscriber, Sort sort) {
  RowPlace place{0, {}, std::string(subscriber.socket.id())};
  switch (sort) {
    case Sort::name:
      place.text = name_of(subscriber).substr(0, kLongestText);
      break;
    case Sort::connected_at:
      place.number = subscriber.origin.since;
      break;
    case Sort::lag:
      place.number = static_cast<double>(lag_of(subscriber));
      break;
    case Sort::last_seen: {
      const auto seen = subscriber.socket.since_seen();
      place.number = seen ? static_cast<double>(seen->count()) : kUnknown;
      break;
    }
    case Sort::round_trip: {
      const auto took = subscriber.socket.round_trip();
      place.number = took ? static_cast<double>(took->count()) : kUnknown;
      break;
    }
  }
  return place;
}

json::object row_of(const SocketSubscriber& subscriber, const SdkNames& sdks) {
  const socketio::Socket& socket = subscriber.socket;
  const auto took = socket.round_trip();
  json::object row{
      {"id", socket.id()},
      {"namespace", socket.nsp().name()},
      {"kind", service::to_string(subscriber.who.kind)},
      {"client", nullptr},
      {"admin", nullptr},
      {"api_key", nullptr},
      {"transport", engineio::to_string(socket.transport())},
      {"address", or_null(subscriber.origin.address_text())},
      {"sdk", or_null(sdks.name_of(subscriber.origin.sdk))},
      {"connected_at", to_iso8601(subscriber.origin.began())},
      {"revision", told(subscriber)},
      {"lag", lag_of(subscriber)},
      {"lagging", is_lagging(subscriber)},
      {"acknowledged", subscriber.acknowledged()},
      {"stage", to_string(subscriber.receipt().stage)},
      {"last_seen_ms", in_ms(socket.since_seen())},
      {"round_trip_ms", took ? json::value(static_cast<double>(took->count()) / 1e3) : json::value(nullptr)},
      {"unanswered_ms", socket.unanswered().count()}};
  if (const auto& client = subscriber.client(); client != nullptr) {
    row["client"] = json::object{{"id", client->id}, {"key", client->key}, {"name", client->name}};
  } else if (subscriber.is_machine()) {
    row["api_key"] = json::object{{"id", subscriber.who.id}, {"name", subscriber.who.name}};
  } else {
    row["admin"] = json::object{{"id", subscriber.who.id}, {"username", subscriber.who.name}};
  }
  return row;
}

bool has_text(const SocketSubscriber& subscriber, std::string_view text) {
  if (contains(name_of(subscriber), text)) return true;
  return subscriber.client() != nullptr && contains(subscriber.client()->name, text);
}

json::array to_json(const RowPlace& place) { return {place.number, place.text, place.id}; }

std::optional<RowPlace> place_in(const json::value& from) {
  const auto* parts = from.if_array();
  if (parts == nullptr || parts->size() != 3) return std::nullopt;
  const auto* text = (*parts)[1].if_string();
  const auto* id = (*parts)[2].if_string();
  if (!(*parts)[0].is_number() || text == nullptr || id == nullptr) return std::nullopt;
  const auto number = (*parts)[0].to_number<double>();
  if (!std::isfinite(number)) return std::nullopt;
  return RowPlace{number, std::string(*text), std::string(*id)};
}

std::string cursor_of(const ConnectionQuery& query, const RowPlace& place) {
  const json::array cursor{(query.descending ? "-" : "") + std::string(to_string(query.sort)),
                           to_json(place)};
  return base64url_encode(json::serialize(cursor));
}

Result<std::optional<RowPlace>> read_cursor(const ConnectionQuery& query) {
  if (query.cursor.empty()) return std::nullopt;
  const auto bytes = base64url_decode(query.cursor);
  const auto read = bytes ? json::parse(*bytes) : Result<json::value>(json::value());
  const auto* parts = read ? read->if_array() : nullptr;
  const std::string order = (query.descending ? "-" : "") + std::string(to_string(query.sort));
  if (parts != nullptr && parts->size() == 2 && (*parts)[0] == json::value(order)) {
    if (auto place = place_in((*parts)[1])) return place;
  }
  return fail(Errc::invalid_argument, "the cursor is not one of this list in this order");
}

json::object to_wire(const ConnectionQuery& query, const std::string& environment) {
  json::object wire{{"environment", environment},
                    {"namespace", static_cast<int>(query.nsp)},
                    {"node", query.node},
                    {"search", query.search},
                    {"sort", to_string(query.sort)},
                    {"descending", query.descending},
                    {"limit", query.limit},
                    {"cursor", query.cursor}};
  if (query.client) wire["client"] = *query.client;
  if (query.lagging) wire["lagging"] = *query.lagging;
  return wire;
}

ConnectionQuery query_in(const json::object& wire) {
  ConnectionQuery query;
  const auto number = [&wire](std::string_view member) {
    const auto* found = wire.if_contains(member);
    return found == nullptr ? std::nullopt : domain::integer_in(*found);
  };
  const auto nsp = number("namespace").value_or(0);
  if (nsp == static_cast<int>(ConnectionQuery::Namespace::admin))
    query.nsp = ConnectionQuery::Namespace::admin;
  if (nsp == static_cast<int>(ConnectionQuery::Namespace::client))
    query.nsp = ConnectionQuery::Namespace::client;
  query.client = number("client");
  query.node = text_in(wire, "node");
  query.search = text_in(wire, "search");
  query.lagging = flag_in(wire, "lagging");
  const std::string sort = text_in(wire, "sort");
  for (const Sort one : kSorts)
    if (to_string(one) == sort) query.sort = one;
  query.descending = flag_in(wire, "descending").value_or(false);
  query.limit = static_cast<std::size_t>(std::clamp<std::int64_t>(
      number("limit").value_or(1), 1, static_cast<std::int64_t>(service::kMostConnections)));
  const auto* cursor = wire.if_contains("cursor");
  if (cursor != nullptr && cursor->is_string()) query.cursor = std::string(cursor->get_string());
  return query;
}

}  // namespace togglecast::realtime
