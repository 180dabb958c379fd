// @socket.io/redis-streams-adapter for one namespace: events, joins, leaves and disconnects pass through the
// stream, and everything that waits for an answer over pub/sub.
//
// This server, too, takes its own messages from the stream: so its clients get all events in the stream's
// order, and an offset says what came before. Internal. Thread rule: as Link.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>

#include "adapters/channel.hpp"
#include "adapters/link.hpp"
#include "adapters/stream_reader.hpp"

namespace togglecast::adapters {

class StreamsLink final : public Link,
                          public socketio::SharedRecovery,
                          public std::enable_shared_from_this<StreamsLink> {
 public:
  StreamsLink(cluster::redis::Client& client, StreamsOptions options, std::shared_ptr<StreamReader> reader,
              std::string stream, socketio::LocalNode& node);

  [[nodiscard]] const std::string& uid() const noexcept override { return uid_; }
  void open(Receive receive, Apply apply) override;
  void close() override;
  [[nodiscard]] std::optional<Body> carry(Message message) override;
  void publish(const Message& message) override;
  void respond(const std::string& to_uid, const Message& message) override;
  void count_servers(std::function<void(Result<std::size_t>)> done) override;
  [[nodiscard]] socketio::SharedRecovery* recovery() noexcept override {
    return options_.recovery ? this : nullptr;
  }

  [[nodiscard]] std::string new_pid() override;
  void save(socketio::RecoverableSession session) override;
  void take(std::string pid, std::string offset,
            std::function<void(std::optional<socketio::RecoveredSession>)> done) override;

 private:
  struct Restoring;

  void on_entry(const StreamEntry& entry);
  void on_added(std::uint64_t number, const Result<cluster::redis::Reply>& reply);
  [[nodiscard]] std::optional<Body> take_own(std::uint64_t number);
  void append_offset(Body& body, const StreamId& id) const;
  void apply(Body body) const;
  [[nodiscard]] std::shared_ptr<StreamReader> reader() const;
  void find_session(const std::shared_ptr<Restoring>& restoring);
  void collect(const std::shared_ptr<Restoring>& restoring);
  void collected(const std::shared_ptr<Restoring>& restoring, const cluster::redis::Reply& reply);
  void keep_missed(Restoring& restoring, const StreamEntry& entry) const;

  cluster::redis::Client& client_;
  StreamsOptions options_;
  Channel channel_;
  std::string stream_;
  std::string nsp_;
  std::string uid_;
  std::string everyone_;
  net::Shard& home_;

  mutable std::mutex mutex_;
  std::shared_ptr<StreamReader> reader_;  // nullptr: closed
  std::shared_ptr<const Apply> apply_;
  std::shared_ptr<const Receive> receive_;
  std::uint64_t last_number_ = 0;
  std::map<std::uint64_t, Body> own_;  // published, and not yet read back

  std::mutex order_;    // of deliveries and recovered sessions; taken before all others
  StreamId delivered_;  // the last entry of this namespace
};

}  // namespace togglecast::adapters
