#include "realtime/session/newest_state.hpp"

#include <limits>
#include <memory>
#include <utility>

#include "realtime/session/bounded_send.hpp"
#include "service/accounts/log_field.hpp"

namespace togglecast::realtime {

NewestState::NewestState(const changes::ReadModel& model, const delivery::ShardDeliveries& deliveries,
                         Look look, Milliseconds longest, observe::PeerLog log, observe::Metrics& metrics)
    : model_(model),
      deliveries_(deliveries),
      look_(std::move(look)),
      longest_(longest),
      log_(log),
      sent_away_(metrics.counter("togglecast_realtime_node_behind_total",
                                 "Connections that were closed with 1013 because they had a newer state than "
                                 "this node, which could not read the store.")) {}

bool NewestState::has(const net::Shard& shard, const std::string& environment, std::int64_t epoch,
                      domain::Revision revision) const {
  const auto state = deliveries_[shard.index()]->current(environment);
  if (state == nullptr) return false;
  return state->head().epoch != epoch ? state->head().epoch > epoch : state->revision() >= revision;
}

void NewestState::fetch(net::Shard& shard, const std::string& environment, std::int64_t epoch,
                        domain::Revision revision, Then then) const {
  delivery::ShardDelivery& delivery = *deliveries_[shard.index()];
  const auto once = std::make_shared<Then>(std::move(then));
  const auto finish = [once](bool certain) {
    const Then call = std::exchange(*once, nullptr);
    if (call) call(certain);
  };
  const bool looks = look_([this, &shard, &delivery, environment, finish](bool complete) {
    shard.post([this, &delivery, environment, finish, complete] {
      const auto newest = model_.current(environment);
      if (!complete || newest == nullptr) return finish(false);
      delivery.when_reached(environment, newest->revision(), [finish] { finish(true); });
    });
  });
  if (!looks) return finish(false);
  const auto state = delivery.current(environment);
  const bool later_epoch = state == nullptr || state->head().epoch < epoch;
  const domain::Revision awaited = later_epoch ? std::numeric_limits<domain::Revision>::max() : revision;
  delivery.when_reached(environment, awaited, longest_, [this, &shard, environment, epoch, revision, finish] {
    finish(has(shard, environment, epoch, revision));
  });
}

void NewestState::fetch(socketio::Socket& socket, const std::string& environment, std::int64_t epoch,
                        domain::Revision revision, Then then) const {
  fetch(socket.shard(), environment, epoch, revision,
        [keep = socket.shared_from_this(), then = std::move(then)](bool certain) {
          if (!keep->ended()) then(certain);
        });
}

void NewestState::answer(SocketSubscriber& subscriber, domain::Revision revision, const Reply& reply,
                         const std::function<void(SocketSubscriber&)>& then) const {
  const auto state = subscriber.home().state;
  const std::string& environment = state->environment();
  const std::int64_t epoch = state->head().epoch;
  if (revision <= state->revision()) return then(subscriber);
  socketio::Socket& socket = subscriber.socket;
  fetch(socket, environment, epoch, revision,
        [this, &socket, environment, epoch, revision, reply, then](bool certain) {
          auto& asking = *socket.state<SocketSubscriber>();
          if (!socket.connected()) return;
          if (certain) return then(asking);
          reply.refuse(
              {Errc::unavailable, "this server cannot read its store, and may be behind; connect again", {}});
          send_away(asking, environment, epoch, revision);
        });
}

void NewestState::send_away(SocketSubscriber& subscriber, const std::string& environment, std::int64_t epoch,
                            domain::Revision revision) const {
  if (subscriber.turned_away) return;
  sent_away_.add();
  const auto state = deliveries_[subscriber.socket.shard().index()]->current(environment);
  const auto named = [](std::int64_t of, domain::Revision at) {
    return std::to_string(of) + '.' + std::to_string(at);
  };
  log_.warn(
      "a client has a newer state than this node, which cannot read the store; the connection is closed "
      "with 1013, so that the client finds another node",
      {{"nsp", subscriber.socket.nsp().name()},
       {"sid", subscriber.socket.id()},
       service::log_field(subscriber.who),
       {"client_has", named(epoch, revision)},
       {"node_has", state == nullptr ? "" : named(state->head().epoch, state->revision())}});
  turn_away(subscriber);
}

}  // namespace togglecast::realtime
