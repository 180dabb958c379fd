#include "realtime/monitor/dashboard_feed.hpp"

#include <algorithm>
#include <utility>

#include "realtime/protocol/events.hpp"
#include "realtime/protocol/packets.hpp"
#include "realtime/session/bounded_send.hpp"
#include "service/accounts/principal.hpp"

namespace togglecast::realtime {
namespace {

using observe::History;

constexpr std::int64_t kMostTold = 5;  // seconds in one tick, after a pause

}  // namespace

DashboardFeed::DashboardFeed(net::ShardPool& shards, DashboardHistory& history, observe::Metrics& metrics)
    : shards_(shards),
      history_(history),
      lost_(metrics.counter("togglecast_dashboard_ticks_lost_total",
                            "Ticks of the dashboard not sent, because the page had not taken what it has.")),
      watching_(shards.size()) {
  history_.on_sample([this] { tell(); });
}

json::object DashboardFeed::watch(SocketSubscriber& subscriber) {
  auto& here = watching_[subscriber.socket.shard().index()];
  if (here.insert(&subscriber).second) ++watchers_;
  return {{"resolution", to_string(History::Step::second)}, {"series", to_json(history_.series())}};
}

bool DashboardFeed::unwatch(const SocketSubscriber& subscriber) {
  auto& here = watching_[subscriber.socket.shard().index()];
  const auto found = std::find(here.begin(), here.end(), &subscriber);
  if (found == here.end()) return false;
  here.erase(found);
  --watchers_;
  return true;
}

void DashboardFeed::tell() {
  if (watchers_ == 0) return;
  const std::int64_t until = history_.settled(History::Step::second);
  const std::int64_t since = std::max(told_until_, until - kMostTold);
  if (until <= since && told_until_ <= until) return;  // else the clock went back
  told_until_ = until;
  history_.gather(History::Step::second, std::min(since, until - 1),
                  [this, until](const DashboardHistory::Gathered& all) {
                    json::object tick = to_json(history_.series(), History::Step::second, all.nodes, until);
                    if (tick.at("times").as_array().empty()) return;
                    if (!all.missing.empty())
                      tick["missing"] = json::array(all.missing.begin(), all.missing.end());
                    shards_.post_to_all(
                        [this, packet = plain_packet(event::kAdmin, event::kDashboardTick, std::move(tick))](
                            const net::Shard& shard) { send(shard, packet); });
                  });
}

void DashboardFeed::send(const net::Shard& shard, const socketio::EncodedPacket& packet) {
  // Sending may end a connection, which leaves the set.
  const std::vector<SocketSubscriber*> here(watching_[shard.index()].begin(), watching_[shard.index()].end());
  for (SocketSubscriber* one : here) {
    if (!watching_[shard.index()].contains(one)) continue;
    // A key may have lost its scope since it subscribed.
    if (!service::require(one->who, event::kSubscribeDashboard.action.value())) continue;
    if (one->socket.backlog_bytes() > 0) {
      lost_.add();
      continue;
    }
    deliver(one->socket, packet);
  }
}

}  // namespace togglecast::realtime
