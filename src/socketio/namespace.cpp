#include "socketio/namespace.hpp"

#include <algorithm>
#include <exception>

#include "socketio/gather.hpp"
#include "socketio/socket.hpp"
#include "wire/http/text.hpp"

namespace togglecast::socketio {
namespace {

// As Node names headers, so that servers of a cluster see the same.
std::string lower_case(std::string_view name) {
  std::string lower(name);
  for (char& c : lower) c = wire::http::to_lower(c);
  return lower;
}

RemoteSocket describe(const Socket& socket) {
  RemoteSocket described;
  described.id = socket.id();
  described.rooms = socket.rooms();
  described.data = socket.data();
  if (const auto* handshake = socket.handshake()) {
    json::object headers;
    for (const auto& [name, value] : handshake->headers.fields()) headers[lower_case(name)] = value;
    json::object query;
    for (const auto& [name, value] : handshake->query.parameters()) query[name] = value;
    described.handshake = {{"headers", std::move(headers)},
                           {"time", to_iso8601(handshake->issued)},
                           {"address", handshake->peer.address},
                           {"xdomain", handshake->xdomain},
                           {"secure", handshake->peer.secure},
                           {"issued", handshake->issued.value},
                           {"url", handshake->url},
                           {"query", std::move(query)},
                           {"auth", socket.auth()}};
  }
  return described;
}

}  // namespace

Namespace::Namespace(std::string name, net::ShardPool& shards, const Options& options,
                     std::shared_ptr<Handlers> handlers)
    : HandlerRegistry(std::move(handlers)),
      name_(std::move(name)),
      pool_(shards),
      options_(options),
      local_(local_adapter(*this)) {
  for (std::size_t i = 0; i < pool_.size(); ++i) rooms_.push_back(std::make_unique<Rooms>());
  if (options.adapter) adapter_ = options.adapter(*this);
  if (adapter_ != nullptr) {
    shared_ = adapter_->recovery();
    for (const auto& rooms : rooms_) rooms->tell(adapter_.get());
  }
  if (options.recovery && shared_ == nullptr) {
    lane_ = std::make_unique<RecoveryLane>();
    lane_->store = options.recovery();
    lane_->inboxes.resize(pool_.size());
  }
}

Namespace::~Namespace() = default;

void Namespace::open() {
  if (adapter_ != nullptr) adapter_->start();
}

void Namespace::close() {
  if (adapter_ != nullptr) adapter_->close();
}

net::Shard& Namespace::home() noexcept {
  return net::Shard::current() != nullptr ? *net::Shard::current() : pool_.at(0);
}

Adapter& Namespace::adapter_for(const BroadcastOptions& options) noexcept {
  return adapter_ == nullptr || options.local ? *local_ : *adapter_;
}

// An adapter may call while the last owner lets the namespace go: then there is nobody to reach. The caller's
// thread keeps nothing, so that a namespace ends on a shard.
void Namespace::on_every_shard(const std::function<void(net::Shard&)>& task) {
  for (std::size_t i = 0; i < pool_.size(); ++i) {
    net::Shard& shard = pool_.at(i);
    if (shard.is_current()) {
      task(shard);
    } else if (auto keep = weak_from_this().lock()) {
      shard.post([keep = std::move(keep), task, &shard] { task(shard); });
    }
  }
}

void Namespace::for_each_local(net::Shard& shard, const BroadcastOptions& options,
                               const std::function<void(Socket&)>& visit) {
  for (const auto& socket : rooms(shard).selected(options)) {
    if (socket->connected()) visit(*socket);
  }
}

void Namespace::deliver(Arguments event, BroadcastOptions options) {
  if (lane_ != nullptr && !options.is_volatile) {
    deliver_recorded(std::move(event), std::move(options));
    return;
  }
  const auto packet = std::make_shared<const EncodedPacket>(EncodedPacket::event(name_, event));
  const auto targets = std::make_shared<const BroadcastOptions>(std::move(options));
  on_every_shard([this, packet, targets](net::Shard& shard) { send_to_selected(shard, *packet, *targets); });
}

// The receivers' sockets stay untouched: what a broadcast needs of them stands in the room and the outlets.
void Namespace::send_to_selected(net::Shard& shard, const EncodedPacket& packet,
                                 const BroadcastOptions& targets) {
  std::size_t direct = 0;
  rooms(shard).select(targets, [&](Socket& socket, net::Outlets::Index outlet) {
    if (targets.is_volatile && !socket.writable()) return;
    if (outlet == net::Outlets::kNone) {
      socket.write(packet);
      return;
    }
    packet.send_to(shard, outlet);
    ++direct;
  });
  net::ShardCounters::add(shard.own_counters().broadcast_frames, direct * packet.frames());
}

void Namespace::deliver_with_ack(Arguments event, BroadcastOptions options, Asked asked,
                                 std::function<void(Arguments)> answer) {
  net::Shard& home = this->home();
  const std::uint64_t id = next_ack_id();
  const auto packet = std::make_shared<const EncodedPacket>(EncodedPacket::event(name_, event, id));
  const auto targets = std::make_shared<const BroadcastOptions>(std::move(options));
  auto counted = std::make_shared<Gather<std::size_t>>(
      pool_.size(), home, [asked = std::move(asked), &home](const std::vector<std::size_t>& counts) {
        std::size_t total = 0;
        for (const std::size_t count : counts) total += count;
        asked(home, total);
      });
  const auto on_answer = [answer = std::move(answer), &home](Result<Arguments> args) {
    if (!args) return;  // the collector's own time-out speaks for those who did not answer
    if (home.is_current()) {
      answer(*std::move(args));
    } else {
      home.post([answer, values = *std::move(args)]() mutable { answer(std::move(values)); });
    }
  };
  on_every_shard([this, id, packet, targets, counted, on_answer](net::Shard& shard) {
    std::size_t asked_here = 0;
    for (const auto& socket : rooms(shard).selected(*targets)) {
      ++asked_here;
      if (socket->expect_ack(id, *targets->timeout, on_answer)) socket->send(*packet);
    }
    counted->add({asked_here});
  });
}

void Namespace::join(BroadcastOptions targets, std::vector<std::string> names) {
  on_every_shard([this, targets = std::move(targets), names = std::move(names)](net::Shard& shard) {
    for (const auto& socket : rooms(shard).selected(targets)) {
      for (const auto& room : names) socket->join(room);
    }
  });
}

void Namespace::leave(BroadcastOptions targets, std::vector<std::string> names) {
  on_every_shard([this, targets = std::move(targets), names = std::move(names)](net::Shard& shard) {
    for (const auto& socket : rooms(shard).selected(targets)) {
      for (const auto& room : names) socket->leave(room);
    }
  });
}

void Namespace::disconnect(BroadcastOptions targets, bool close) {
  on_every_shard([this, targets = std::move(targets), close](net::Shard& shard) {
    for_each_local(shard, targets, [close](Socket& socket) { socket.disconnect(close); });
  });
}

void Namespace::fetch(BroadcastOptions targets, std::function<void(std::vector<RemoteSocket>)> done) {
  auto gathered = std::make_shared<Gather<RemoteSocket>>(pool_.size(), home(), std::move(done));
  on_every_shard([this, targets = std::move(targets), gathered](net::Shard& shard) {
    std::vector<RemoteSocket> found;
    rooms(shard).select(targets,
                        [&found](Socket& socket, net::Outlets::Index) { found.push_back(describe(socket)); });
    gathered->add(std::move(found));
  });
}

void Namespace::server_side_event(Arguments event, std::function<void(Arguments)> answer) {
  if (event.values.empty() || !event.values.front().is_string()) return;
  const auto found = handlers()->server_side.find(std::string_view(event.values.front().get_string()));
  if (found == handlers()->server_side.end()) return;
  const std::string name(event.values.front().get_string());
  event.values.erase(event.values.begin());
  const auto call = [this, name, &handler = found->second, event = std::move(event),
                     answer = std::move(answer)] {
    guarded("server side", name, {}, [&] { handler(event, answer); });
  };
  if (net::Shard::current() != nullptr) return call();
  if (auto keep = weak_from_this().lock()) home().post([keep = std::move(keep), call] { call(); });
}

void Namespace::log_failure(std::string_view where, std::string_view event, std::string_view sid,
                            std::string_view what) const {
  options_.log.error("handler failed",
                     {{"nsp", name_}, {"in", where}, {"event", event}, {"sid", sid}, {"error", what}});
}

}  // namespace togglecast::socketio
