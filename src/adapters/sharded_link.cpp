#include "adapters/sharded_link.hpp"

#include <utility>

#include "adapters/codec/cluster_codec.hpp"

namespace togglecast::adapters {
namespace {

constexpr auto kShardChannel = cluster::redis::Client::Kind::shard_channel;

// As Node's adapter guesses it.
bool looks_like_an_id(std::string_view room) { return room.size() == 20; }

}  // namespace

ShardedLink::ShardedLink(cluster::redis::Client& client, ShardedOptions options, std::string nsp)
    : client_(client),
      options_(std::move(options)),
      channel_(client, options_.cluster, true),
      nsp_(std::move(nsp)),
      uid_(random_hex(8)),
      everyone_(options_.cluster.prefix + "#" + nsp_ + "#") {}

void ShardedLink::listen(const std::string& channel) {
  client_.subscribe(
      kShardChannel, channel,
      [receive = receive_, options = options_.cluster](std::string_view name, std::string_view message) {
        auto read = read_cluster(message, options.limits);
        if (count_read(read, options, name) && *read) receive(**std::move(read));
      });
}

void ShardedLink::open(Receive receive, Apply /*apply*/) {
  const std::lock_guard lock(mutex_);
  receive_ = std::move(receive);
  open_ = true;
  listen(everyone_);
  listen(everyone_ + uid_ + "#");
  for (const auto& [room, shards] : rooms_) listen(everyone_ + room + "#");
}

void ShardedLink::close() {
  const std::lock_guard lock(mutex_);
  if (!std::exchange(open_, false)) return;
  client_.unsubscribe(kShardChannel, everyone_);
  client_.unsubscribe(kShardChannel, everyone_ + uid_ + "#");
  for (const auto& [room, shards] : rooms_) client_.unsubscribe(kShardChannel, everyone_ + room + "#");
}

bool ShardedLink::has_channel(bool own) const noexcept {
  switch (options_.mode) {
    case SubscriptionMode::fixed:
      return false;
    case SubscriptionMode::dynamic:
      return !own;
    case SubscriptionMode::dynamic_private:
      return true;
  }
  return false;
}

void ShardedLink::room_opened(std::string_view room, bool own) {
  if (!has_channel(own)) return;
  const std::lock_guard lock(mutex_);
  if (++rooms_[std::string(room)] == 1 && open_) listen(everyone_ + std::string(room) + "#");
}

void ShardedLink::room_closed(std::string_view room, bool own) {
  if (!has_channel(own)) return;
  const std::lock_guard lock(mutex_);
  const auto found = rooms_.find(room);
  if (found == rooms_.end() || --found->second > 0) return;
  rooms_.erase(found);
  if (open_) client_.unsubscribe(kShardChannel, everyone_ + std::string(room) + "#");
}

// A broadcast with answers goes to all servers, because all are counted.
std::string ShardedLink::channel_of(const Message& message) const {
  const auto* event = std::get_if<EventMessage>(&message.body);
  if (event == nullptr || !event->request_id.empty() || event->targets.rooms.size() != 1) return everyone_;
  const std::string& room = event->targets.rooms.front();
  const bool own_channel = options_.mode == SubscriptionMode::dynamic_private ||
                           (options_.mode == SubscriptionMode::dynamic && !looks_like_an_id(room));
  return own_channel ? everyone_ + room + "#" : everyone_;
}

void ShardedLink::publish(const Message& message) {
  channel_.publish(channel_of(message), write_cluster_text(message));
}

void ShardedLink::respond(const std::string& to_uid, const Message& message) {
  channel_.publish(everyone_ + to_uid + "#", write_cluster_text(message));
}

void ShardedLink::count_servers(std::function<void(Result<std::size_t>)> done) {
  channel_.count_listeners(everyone_, std::move(done));
}

}  // namespace togglecast::adapters
