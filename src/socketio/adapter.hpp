// How a namespace reaches its sockets on all servers. The local adapter knows this process only; adapters for
// a cluster publish each call and apply what they hear to their own `LocalNode`. Thread rule: every call of
// an Adapter may come from any thread; a LocalNode may be called from any thread; callbacks run on a shard.
#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/json.hpp"
#include "net/shard.hpp"
#include "socketio/acks.hpp"
#include "socketio/arguments.hpp"
#include "socketio/broadcast_options.hpp"
#include "socketio/encoded_packet.hpp"

namespace togglecast::socketio {

/// A socket as seen from anywhere in the cluster.
struct RemoteSocket {
  std::string id;
  std::vector<std::string> rooms;  ///< with its own id
  json::value handshake;           ///< null where it is not retained
  json::value data;
};

/// Answers to a broadcast with acknowledgement.
struct Answers {
  bool timed_out = false;  ///< not everyone answered in time
  std::vector<Arguments> answers;
};

/// The sockets of one namespace in this process.
class LocalNode {
 public:
  virtual ~LocalNode() = default;
  [[nodiscard]] virtual const std::string& name() const noexcept = 0;
  virtual void deliver(Arguments event, BroadcastOptions options) = 0;
  using Asked = std::function<void(net::Shard&, std::size_t clients)>;
  /// Needs `options.timeout`. `asked` hears how many clients were asked, `answer` each of their answers until
  /// the time-out: both on one shard, the caller's when it is one. An answer may come before `asked`.
  virtual void deliver_with_ack(Arguments event, BroadcastOptions options, Asked asked,
                                std::function<void(Arguments)> answer) = 0;
  virtual void join(BroadcastOptions targets, std::vector<std::string> rooms) = 0;
  virtual void leave(BroadcastOptions targets, std::vector<std::string> rooms) = 0;
  virtual void disconnect(BroadcastOptions targets, bool close) = 0;
  virtual void fetch(BroadcastOptions targets, std::function<void(std::vector<RemoteSocket>)> done) = 0;
  /// An event from another server of the cluster; `answer` may be empty.
  virtual void server_side_event(Arguments event, std::function<void(Arguments)> answer) = 0;
};

class Adapter {
 public:
  virtual ~Adapter() = default;
  virtual void broadcast(Arguments event, BroadcastOptions options) = 0;
  virtual void broadcast_with_ack(Arguments event, BroadcastOptions options,
                                  std::function<void(Answers)> done) = 0;
  virtual void join(BroadcastOptions targets, std::vector<std::string> rooms) = 0;
  virtual void leave(BroadcastOptions targets, std::vector<std::string> rooms) = 0;
  virtual void disconnect(BroadcastOptions targets, bool close) = 0;
  virtual void fetch(BroadcastOptions targets,
                     std::function<void(Result<std::vector<RemoteSocket>>)> done) = 0;
  /// To all other servers; `done` (may be empty) hears their answers.
  virtual void server_side_emit(Arguments event,
                                std::function<void(Result<std::vector<Arguments>>)> done) = 0;
};

/// This process only.
[[nodiscard]] std::unique_ptr<Adapter> local_adapter(LocalNode& node);

/// Gathers the answers of a broadcast: complete when everyone expected has answered, or at the time-out.
/// Thread rule: one shard.
class AnswerCollector : public std::enable_shared_from_this<AnswerCollector> {
 public:
  explicit AnswerCollector(std::function<void(Answers)> done) : done_(std::move(done)) {}
  /// `clients` have been asked; some may have answered already.
  void start(net::Shard& shard, Milliseconds timeout, std::size_t clients);
  void answer(Arguments args);

 private:
  void finish(bool timed_out);

  std::function<void(Answers)> done_;
  std::unique_ptr<net::CallbackTimer> timer_;
  Answers answers_;
  std::size_t expected_ = 0;
  bool started_ = false;
};

}  // namespace togglecast::socketio
