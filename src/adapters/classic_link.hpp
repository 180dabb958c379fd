// The channels of @socket.io/redis-adapter for one namespace N, with the prefix P:
//
//   P#N#  P#N#room#               broadcasts, by one pattern
//   P-request#N#                  questions; its listeners are the servers
//   P-response#N#  P-response#N#uid#   answers
//
// Internal. Thread rule: as Link.
#pragma once

#include <string>

#include "adapters/channel.hpp"
#include "adapters/link.hpp"

namespace togglecast::adapters {

class ClassicLink final : public Link {
 public:
  ClassicLink(cluster::redis::Client& client, ClusterOptions options, std::string nsp);

  [[nodiscard]] const std::string& uid() const noexcept override { return uid_; }
  void open(Receive receive, Apply apply) override;
  void close() override;
  void publish(const Message& message) override;
  void respond(const std::string& to_uid, const Message& message) override;
  void count_servers(std::function<void(Result<std::size_t>)> done) override;

 private:
  cluster::redis::Client& client_;
  ClusterOptions options_;
  Channel channel_;
  std::string nsp_;
  std::string uid_;
  std::string broadcasts_;
  std::string pattern_;
  std::string requests_;
  std::string responses_;
};

}  // namespace togglecast::adapters
