// One live connection as a row of a list: its place in the order, and its form for pages and for other nodes.
// Thread rule: pure functions; `row_of` on the shard of the connection.
#pragma once

#include <compare>
#include <cstdint>
#include <map>
#include <optional>
#include <string>

#include "base/error.hpp"
#include "base/json.hpp"
#include "realtime/session/socket_subscriber.hpp"
#include "service/cluster/connection_list.hpp"

namespace togglecast::realtime {

/// By number, then by text, then by the id of the connection: no two are equal.
struct RowPlace {
  double number = 0;
  std::string text{};
  std::string id{};

  friend auto operator<=>(const RowPlace&, const RowPlace&) = default;
};

/// The order of a list. The place where the last page ended is `after`.
struct RowOrder {
  bool descending = false;
  bool operator()(const RowPlace& a, const RowPlace& b) const { return descending ? b < a : a < b; }
};

/// Rows in order, never more than a page and one.
class FirstRows {
 public:
  FirstRows(bool descending, std::size_t limit, std::optional<RowPlace> after)
      : order_{descending}, limit_(limit), after_(std::move(after)), rows_(order_) {}

  /// Whether a row at this place belongs to those that are kept.
  [[nodiscard]] bool wants(const RowPlace& place) const;
  void add(RowPlace place, json::object row);
  void merge(FirstRows& other);
  void count(std::size_t more = 1) noexcept { total_ += more; }
  [[nodiscard]] std::size_t total() const noexcept { return total_; }
  [[nodiscard]] std::map<RowPlace, json::object, RowOrder>& rows() noexcept { return rows_; }
  [[nodiscard]] std::size_t limit() const noexcept { return limit_; }

 private:
  RowOrder order_;
  std::size_t limit_;
  std::optional<RowPlace> after_;
  std::map<RowPlace, json::object, RowOrder> rows_;
  std::size_t total_ = 0;
};

/// Revisions that the connection has not been told.
[[nodiscard]] std::int64_t lag_of(const SocketSubscriber& subscriber);
/// It has not been told the newest revision, or has not proven that it received the newest change that
/// concerns it.
[[nodiscard]] bool is_lagging(const SocketSubscriber& subscriber);
[[nodiscard]] RowPlace place_of(const SocketSubscriber& subscriber, service::ConnectionQuery::Sort sort);
/// Without its node.
[[nodiscard]] json::object row_of(const SocketSubscriber& subscriber, const SdkNames& sdks);
/// Whether its name or key contains this text, which is in lower case.
[[nodiscard]] bool has_text(const SocketSubscriber& subscriber, std::string_view text);

// The cursor of a page, and the place of a row between nodes: `[number, text, id]`.
[[nodiscard]] json::array to_json(const RowPlace& place);
[[nodiscard]] std::optional<RowPlace> place_in(const json::value& from);
[[nodiscard]] std::string cursor_of(const service::ConnectionQuery& query, const RowPlace& place);
/// Nothing for the first page.
[[nodiscard]] Result<std::optional<RowPlace>> read_cursor(const service::ConnectionQuery& query);

// A query, as one node asks another.
[[nodiscard]] json::object to_wire(const service::ConnectionQuery& query, const std::string& environment);
[[nodiscard]] service::ConnectionQuery query_in(const json::object& wire);

}  // namespace togglecast::realtime
