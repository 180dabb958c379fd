#include "realtime/monitor/live_connections.hpp"

#include <algorithm>
#include <utility>
#include <vector>

#include "delivery/collect.hpp"
#include "delivery/subscriber_group.hpp"
#include "realtime/protocol/events.hpp"
#include "realtime/session/bounded_send.hpp"

namespace togglecast::realtime {
namespace {

using delivery::SubscriberIndex;
using service::ConnectionQuery;
using Scope = SubscriberIndex::Scope;

constexpr std::size_t kLooksInATurn = 128;  // connections
constexpr std::size_t kSocketId = 20;       // characters

const json::array* list_in(const json::object& body, std::string_view member) {
  const auto* found = body.if_contains(member);
  return found == nullptr ? nullptr : found->if_array();
}

void name_node(json::object& row, const std::string& id, const std::string& name) {
  row["node"] = json::object{{"id", id}, {"name", name}};
}

// Rows of another node: `[[place, row], …]`.
void add_rows(FirstRows& rows, const json::object& body, const std::string& id, const std::string& name) {
  const auto* total = body.if_contains("total");
  const auto counted = total == nullptr ? std::nullopt : domain::integer_in(*total);
  rows.count(static_cast<std::size_t>(std::max<std::int64_t>(0, counted.value_or(0))));
  const auto* given = list_in(body, "rows");
  for (std::size_t i = 0; given != nullptr && i < given->size() && i <= service::kMostConnections; ++i) {
    const auto* pair = (*given)[i].if_array();
    if (pair == nullptr || pair->size() != 2 || !(*pair)[1].is_object()) continue;
    auto place = place_in((*pair)[0]);
    if (!place) continue;
    json::object row = (*pair)[1].get_object();
    name_node(row, id, name);
    rows.add(*std::move(place), std::move(row));
  }
}

// Who may not end connections does not see their addresses.
json::object page_of(FirstRows rows, const ConnectionQuery& query, bool shows_addresses) {
  json::array items;
  json::object page;
  const RowPlace* last = nullptr;
  for (auto& [place, row] : rows.rows()) {
    if (items.size() == query.limit) {
      page["next_cursor"] = cursor_of(query, *last);
      break;
    }
    last = &place;
    if (!shows_addresses) row["address"] = nullptr;
    items.emplace_back(std::move(row));
  }
  page["items"] = std::move(items);
  page["total"] = rows.total();
  return page;
}

}  // namespace

// Over the groups of one shard, a part in each turn.
struct LiveConnections::Walk {
  Walk(net::Shard& on, const ConnectionQuery& asked, FirstRows first)
      : shard(on), query(asked), rows(std::move(first)) {}

  void look_at(delivery::Subscriber& subscriber) {
    const auto* one = socket_subscriber(subscriber);
    if (one == nullptr || !one->socket.connected()) return;
    if (query.client && one->who.id != *query.client) return;
    if (query.lagging && is_lagging(*one) != *query.lagging) return;
    if (!query.search.empty() && !has_text(*one, query.search)) return;
    rows.count();
    RowPlace place = place_of(*one, query.sort);
    if (rows.wants(place)) rows.add(std::move(place), row_of(*one, *sdks));
  }

  net::Shard& shard;
  ConnectionQuery query;
  FirstRows rows;
  const SdkNames* sdks = nullptr;
  delivery::EnvironmentSubscribers* home = nullptr;
  std::vector<std::unique_ptr<delivery::GroupWalk>> groups;  // the next one last
  std::function<void(FirstRows)> answer;
};

LiveConnections::LiveConnections(net::ShardPool& shards, socketio::Server& io,
                                 const delivery::ShardDeliveries& deliveries, const SdkNames& sdks,
                                 observe::PeerLog log, nodes::Nodes* nodes)
    : shards_(shards), io_(io), deliveries_(deliveries), sdks_(sdks), log_(log), nodes_(nodes) {
  if (nodes_ != nullptr) answer_others();
}

void LiveConnections::answer_others() {
  nodes_->courier().answer("connections",
                           [this](const json::object& question, const nodes::Courier::Answer& answer) {
                             const ConnectionQuery query = query_in(question);
                             const auto after = read_cursor(query);
                             if (!after || !is_meant(query.node))
                               return answer({{"total", 0}, {"rows", json::array{}}});
                             const json::value asked(question);
                             find_here(std::string(json::string_or_empty(asked, "environment")), query,
                                       *after, [answer](FirstRows found) {
                                         json::array rows;
                                         for (auto& [place, row] : found.rows())
                                           rows.push_back(json::array{to_json(place), std::move(row)});
                                         answer({{"total", found.total()}, {"rows", std::move(rows)}});
                                       });
                           });
  nodes_->courier().answer(
      "end_connection", [this](const json::object& question, const nodes::Courier::Answer& answer) {
        const json::value asked(question);
        const auto* of_admins = question.if_contains("of_admins");
        end_here(
            {std::string(json::string_or_empty(asked, "environment")),
             std::string(json::string_or_empty(asked, "id")), std::string(json::string_or_empty(asked, "by")),
             of_admins != nullptr && of_admins->is_bool() && of_admins->get_bool()},
            [answer](Ended ended) {
              answer({{"ended", ended == Ended::ended}, {"forbidden", ended == Ended::forbidden}});
            });
      });
}

bool LiveConnections::is_meant(const std::string& node) const {
  return node.empty() || nodes_ == nullptr || node == nodes_->own_id() || node == nodes_->own_name();
}

void LiveConnections::go_on(const std::shared_ptr<Walk>& walk) {
  for (std::size_t looks = 0; looks < kLooksInATurn; ++looks) {
    if (walk->groups.empty()) return walk->answer(std::move(walk->rows));
    delivery::Subscriber* subscriber = walk->groups.back()->next();
    if (subscriber == nullptr) {
      walk->groups.pop_back();
      if (walk->query.client) SubscriberIndex::tidy(*walk->home, Scope::client, *walk->query.client);
    } else {
      walk->look_at(*subscriber);
    }
  }
  walk->shard.post([walk] { go_on(walk); });
}

void LiveConnections::find_here(const std::string& environment, const ConnectionQuery& query,
                                std::optional<RowPlace> after, std::function<void(FirstRows)> done) const {
  using Part = std::shared_ptr<FirstRows>;
  const FirstRows empty(query.descending, query.limit, std::move(after));
  delivery::collect_from_shards<Part>(
      shards_,
      [this, environment, query, empty](net::Shard& shard, const std::function<void(Part)>& answer) {
        auto* home = deliveries_[shard.index()]->index().find(environment);
        auto walk = std::make_shared<Walk>(shard, query, empty);
        walk->home = home;
        walk->sdks = &sdks_;
        walk->answer = [answer](FirstRows rows) { answer(std::make_shared<FirstRows>(std::move(rows))); };
        const auto visit = [&](Scope scope, domain::Id id) {
          auto* group = home == nullptr ? nullptr : SubscriberIndex::group(*home, scope, id);
          if (group != nullptr) walk->groups.push_back(std::make_unique<delivery::GroupWalk>(*group));
        };
        if (query.nsp != ConnectionQuery::Namespace::admin)
          query.client ? visit(Scope::client, *query.client) : visit(Scope::clients, 0);
        if (query.nsp != ConnectionQuery::Namespace::client && !query.client) visit(Scope::admins, 0);
        go_on(walk);
      },
      [this, empty, done = std::move(done)](const std::vector<Part>& parts) {
        FirstRows all = empty;
        for (const Part& part : parts) all.merge(*part);
        if (nodes_ != nullptr)
          for (auto& [place, row] : all.rows()) name_node(row, nodes_->own_id(), nodes_->own_name());
        done(std::move(all));
      });
}

void LiveConnections::list(const service::Principal& who, const ConnectionQuery& query,
                           std::function<void(Result<json::object>)> done) {
  auto after = read_cursor(query);
  if (!after) return done(tl::unexpected(after.error()));
  const bool shows_addresses = who.may(auth::Action::end_connections);
  const auto ask_others = [this, query, environment = who.environment, shows_addresses,
                           done = std::move(done)](FirstRows own) {
    if (nodes_ == nullptr || nodes_->size() == 1)
      return done(page_of(std::move(own), query, shows_addresses));
    nodes_->ask_others(
        "connections", to_wire(query, environment),
        [this, query, shows_addresses, own = std::move(own), done](nodes::Courier::Answers answers) mutable {
          for (const auto& [id, body] : answers.from) add_rows(own, body, id, nodes_->name_of(id));
          json::object page = page_of(std::move(own), query, shows_addresses);
          if (!answers.missing.empty())
            page["missing"] = json::array(answers.missing.begin(), answers.missing.end());
          done(std::move(page));
        });
  };
  if (!is_meant(query.node)) return ask_others(FirstRows(query.descending, query.limit, *std::move(after)));
  find_here(who.environment, query, *std::move(after), ask_others);
}

LiveConnections::Ended LiveConnections::end_on(net::Shard& shard, const Order& order) const {
  Ended ended = Ended::unknown;
  for (const std::string_view name : {event::kClient, event::kAdmin}) {
    socketio::BroadcastOptions only;
    only.rooms.push_back(order.id);
    io_.of(name).for_each_local(shard, only, [&](socketio::Socket& socket) {
      auto* subscriber = socket.state<SocketSubscriber>();
      if (socket.id() != order.id || subscriber == nullptr || !subscriber->entered()) return;
      if (subscriber->who.environment != order.environment) return;
      if (subscriber->is_admin() && !order.of_admins) {
        ended = Ended::forbidden;
        return;
      }
      log_.write(observe::Level::info, observe::Cause::known, "connection ended by an admin",
                 {{"nsp", name}, {"sid", order.id}, {"admin", order.by}});
      turn_away(*subscriber);
      ended = Ended::ended;
    });
  }
  return ended;
}

void LiveConnections::end_here(const Order& order, std::function<void(Ended)> done) const {
  delivery::collect_from_shards<Ended>(
      shards_,
      [this, order](net::Shard& shard, const std::function<void(Ended)>& answer) {
        answer(end_on(shard, order));
      },
      [done = std::move(done)](const std::vector<Ended>& parts) {
        done(*std::max_element(parts.begin(), parts.end()));
      });
}

void LiveConnections::end(const service::Principal& who, const std::string& id,
                          std::function<void(Result<void>)> done) {
  const Order order{who.environment, id, who.name, who.may(auth::Action::manage_admins)};
  const auto finish = [id, done](Ended ended) {
    if (ended == Ended::ended) return done({});
    if (ended == Ended::forbidden)
      return done(fail(Errc::forbidden, "this connection is an admin's; only who manages admins may end it"));
    done(fail(Errc::not_found, "there is no connection '" + id.substr(0, 40) + "' in this environment"));
  };
  if (id.size() != kSocketId) return finish(Ended::unknown);  // such as the name of a room
  end_here(order, [this, order, finish, done](Ended here) {
    if (here != Ended::unknown || nodes_ == nullptr || nodes_->size() == 1) return finish(here);
    nodes_->ask_others("end_connection",
                       {{"environment", order.environment},
                        {"id", order.id},
                        {"by", order.by},
                        {"of_admins", order.of_admins}},
                       [finish, done](const nodes::Courier::Answers& answers) {
                         Ended found = Ended::unknown;
                         for (const auto& [node, body] : answers.from) {
                           const auto says = [&body = body](std::string_view member) {
                             const auto* value = body.if_contains(member);
                             return value != nullptr && value->is_bool() && value->get_bool();
                           };
                           if (says("ended")) found = Ended::ended;
                           if (says("forbidden")) found = Ended::forbidden;
                         }
                         if (found == Ended::unknown && !answers.missing.empty())
                           return done(fail(Errc::unavailable,
                                            "not all nodes answered in time; the connection may be at one of "
                                            "them; try again"));
                         finish(found);
                       });
  });
}

}  // namespace togglecast::realtime
