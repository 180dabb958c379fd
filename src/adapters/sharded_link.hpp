// The channels of @socket.io/redis-adapter's sharded adapter for one namespace N, with the prefix P:
//
//   P#N#          messages for all; its listeners are the servers
//   P#N#uid#      answers to the server uid
//   P#N#room#     broadcasts to one room; a server listens while it has a member
//
// Internal. Thread rule: as Link.
#pragma once

#include <map>
#include <mutex>
#include <string>
#include <string_view>

#include "adapters/channel.hpp"
#include "adapters/link.hpp"

namespace togglecast::adapters {

class ShardedLink final : public Link {
 public:
  ShardedLink(cluster::redis::Client& client, ShardedOptions options, std::string nsp);

  [[nodiscard]] const std::string& uid() const noexcept override { return uid_; }
  void open(Receive receive, Apply apply) override;
  void close() override;
  void publish(const Message& message) override;
  void respond(const std::string& to_uid, const Message& message) override;
  void count_servers(std::function<void(Result<std::size_t>)> done) override;
  void room_opened(std::string_view room, bool own) override;
  void room_closed(std::string_view room, bool own) override;

 private:
  [[nodiscard]] bool has_channel(bool own) const noexcept;
  [[nodiscard]] std::string channel_of(const Message& message) const;
  void listen(const std::string& channel);

  cluster::redis::Client& client_;
  ShardedOptions options_;
  Channel channel_;
  std::string nsp_;
  std::string uid_;
  std::string everyone_;
  Receive receive_;
  std::mutex mutex_;
  std::map<std::string, std::size_t, std::less<>> rooms_;  // on how many shards
  bool open_ = false;
};

}  // namespace togglecast::adapters
