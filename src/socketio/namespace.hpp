// A namespace: sockets, rooms and handlers under one name, on all shards.
// Thread rule: register handlers before the server starts. Any thread may emit. Calls with a `shard` are for
// the thread of that shard.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <exception>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "net/shard_pool.hpp"
#include "socketio/adapter.hpp"
#include "socketio/broadcast.hpp"
#include "socketio/handlers.hpp"
#include "socketio/options.hpp"
#include "socketio/recovery.hpp"
#include "socketio/rooms.hpp"

namespace togglecast::socketio {

class Namespace final : public HandlerRegistry,
                        public LocalNode,
                        public std::enable_shared_from_this<Namespace> {
 public:
  /// Made by `Server::of` and by patterns.
  Namespace(std::string name, net::ShardPool& shards, const Options& options,
            std::shared_ptr<Handlers> handlers);
  Namespace(const Namespace&) = delete;
  Namespace& operator=(const Namespace&) = delete;
  ~Namespace() override;

  [[nodiscard]] const std::string& name() const noexcept override { return name_; }

  /// A broadcast to a room. Each socket is in the room named after its id. See `Broadcast`.
  [[nodiscard]] Broadcast to(std::string room) { return Broadcast(*this).to(std::move(room)); }
  [[nodiscard]] Broadcast to(const std::vector<std::string>& rooms) { return Broadcast(*this).to(rooms); }
  [[nodiscard]] Broadcast in(std::string room) { return to(std::move(room)); }
  /// A broadcast to all sockets that are not in the room.
  [[nodiscard]] Broadcast except(std::string room) { return Broadcast(*this).except(std::move(room)); }
  /// A broadcast to all sockets of the namespace, on all servers.
  [[nodiscard]] Broadcast everyone() { return Broadcast(*this); }
  /// `everyone().emit(…)`.
  template <typename... T>
  void emit(std::string_view event, T&&... values) {
    Broadcast(*this).emit(event, std::forward<T>(values)...);
  }
  /// Sends an event to all other servers of the cluster. `done` gets their answers; it may be empty.
  template <typename... T>
  void server_side_emit(std::function<void(Result<std::vector<Arguments>>)> done, std::string_view event,
                        T&&... values) {
    adapter_for({}).server_side_emit(with_name(event, arguments(std::forward<T>(values)...)),
                                     std::move(done));
  }

  /// The number of sockets in this process.
  [[nodiscard]] std::size_t local_count() const noexcept { return count_.load(std::memory_order_relaxed); }
  /// The number of rooms with sockets on `shard`, without the rooms named after ids.
  [[nodiscard]] std::size_t local_room_count(const net::Shard& shard) const noexcept {
    return rooms_[shard.index()]->room_count();
  }
  /// Visits the sockets of `shard` that are addressed. The visitor may let sockets join, leave or disconnect.
  void for_each_local(net::Shard& shard, const BroadcastOptions& options,
                      const std::function<void(Socket&)>& visit);

  /// An acknowledgement id that nobody else uses, for `EncodedPacket::event` and `Socket::send_with_ack`.
  [[nodiscard]] std::uint64_t next_ack_id() noexcept {
    return ack_ids_.fetch_add(1, std::memory_order_relaxed);
  }

  /// Called by the server when the namespace may be used, and when it closes.
  void open();
  void close();

  // LocalNode: the part of an adapter's work that concerns this process.
  [[nodiscard]] net::Shard& home() noexcept override;
  void deliver(Arguments event, BroadcastOptions options) override;
  void deliver_with_ack(Arguments event, BroadcastOptions options, Asked asked,
                        std::function<void(Arguments)> answer) override;
  void join(BroadcastOptions targets, std::vector<std::string> rooms) override;
  void leave(BroadcastOptions targets, std::vector<std::string> rooms) override;
  void disconnect(BroadcastOptions targets, bool close) override;
  void fetch(BroadcastOptions targets, std::function<void(std::vector<RemoteSocket>)> done) override;
  void server_side_event(Arguments event, std::function<void(Arguments)> answer) override;

 private:
  friend class Broadcast;
  friend class Connection;
  friend class Server;
  friend class Socket;

  // With recovery, each shard gets the events in the order in which they were recorded, through an inbox.
  struct RecoveryLane {
    std::mutex mutex;
    std::unique_ptr<Recovery> store;
    struct Inbox {
      std::deque<std::function<void()>> tasks;  // guarded by `mutex`
      bool draining = false;                    // the shard's own
    };
    std::vector<Inbox> inboxes;
  };

  [[nodiscard]] Adapter& adapter_for(const BroadcastOptions& options) noexcept;
  [[nodiscard]] Rooms& rooms(const net::Shard& shard) noexcept { return *rooms_[shard.index()]; }
  void on_every_shard(const std::function<void(net::Shard&)>& task);
  void send_to_selected(net::Shard& shard, const EncodedPacket& packet, const BroadcastOptions& targets);
  /// `only`: the shard that has all sockets addressed; nullptr: all shards.
  void deliver_recorded(Arguments event, BroadcastOptions options, net::Shard* only = nullptr);
  /// Runs `task` on the current shard after all events recorded before.
  void in_order(net::Shard& shard, std::function<void()> task);
  /// For connection state recovery: an event of one socket on this shard.
  void deliver_own(net::Shard& shard, std::string_view sid, Arguments event);
  [[nodiscard]] bool recovers() const noexcept { return lane_ != nullptr || shared_ != nullptr; }
  void drain(net::Shard& shard);
  [[nodiscard]] std::string new_pid();
  /// Takes the session, and in the same step its place in the order of events. `joined` runs on the current
  /// shard, now or later, with nothing if there is no such session.
  void recover(net::Shard& shard, std::string_view pid, std::string_view offset,
               std::function<void(std::optional<RecoveredSession>)> joined);
  void save(RecoverableSession session, TimePoint now);
  void log_failure(std::string_view where, std::string_view event, std::string_view sid,
                   std::string_view what) const;
  /// Runs `call`, which is code of the application. Returns false, and logs the error, if it throws.
  template <typename Call>
  bool guarded(std::string_view where, std::string_view event, std::string_view sid, Call&& call) const {
    try {
      std::forward<Call>(call)();
      return true;
    } catch (const std::exception& error) {
      log_failure(where, event, sid, error.what());
    } catch (...) {
      log_failure(where, event, sid, "an exception of unknown type");
    }
    return false;
  }
  void entered() noexcept { count_.fetch_add(1, std::memory_order_relaxed); }
  void exited() noexcept { count_.fetch_sub(1, std::memory_order_relaxed); }

  std::string name_;
  net::ShardPool& pool_;
  const Options& options_;
  std::vector<std::unique_ptr<Rooms>> rooms_;  // one per shard
  std::unique_ptr<Adapter> local_;
  std::unique_ptr<Adapter> adapter_;  // null: local_
  std::unique_ptr<RecoveryLane> lane_;
  SharedRecovery* shared_ = nullptr;  // the adapter's
  std::atomic<std::uint64_t> ack_ids_{0};
  std::atomic<std::size_t> count_{0};
};

}  // namespace togglecast::socketio
