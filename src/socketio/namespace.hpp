// A namespace: sockets, rooms and handlers under one name, spread over all shards.
// Thread rule: handlers are registered before the server starts; everything that emits is for any thread;
// `for_each_local` is for a shard's thread.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <exception>
#include <functional>
#include <memory>
#include <mutex>
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

  /// A broadcast to the members of a room, a socket's id being the room of that socket; see `Broadcast`.
  [[nodiscard]] Broadcast to(std::string room) { return Broadcast(*this).to(std::move(room)); }
  [[nodiscard]] Broadcast to(const std::vector<std::string>& rooms) { return Broadcast(*this).to(rooms); }
  [[nodiscard]] Broadcast in(std::string room) { return to(std::move(room)); }
  /// To all but the members of a room.
  [[nodiscard]] Broadcast except(std::string room) { return Broadcast(*this).except(std::move(room)); }
  /// To all sockets of the namespace, on all servers.
  [[nodiscard]] Broadcast everyone() { return Broadcast(*this); }
  /// `everyone().emit(…)`.
  template <typename... T>
  void emit(std::string_view event, T&&... values) {
    Broadcast(*this).emit(event, std::forward<T>(values)...);
  }
  /// To all other servers of the cluster; `done` (may be empty) hears their answers.
  template <typename... T>
  void server_side_emit(std::function<void(Result<std::vector<Arguments>>)> done, std::string_view event,
                        T&&... values) {
    adapter_for({}).server_side_emit(with_name(event, arguments(std::forward<T>(values)...)),
                                     std::move(done));
  }

  /// Sockets of this process.
  [[nodiscard]] std::size_t local_count() const noexcept { return count_.load(std::memory_order_relaxed); }
  /// Rooms that have members on `shard`, whose thread this must be; a socket's own room is none of them.
  [[nodiscard]] std::size_t local_room_count(const net::Shard& shard) const noexcept {
    return rooms_[shard.index()]->room_count();
  }
  /// Visits the sockets addressed that live on `shard`, whose thread this must be. The visitor may make them
  /// join or leave.
  void for_each_local(net::Shard& shard, const BroadcastOptions& options,
                      const std::function<void(Socket&)>& visit);

  /// The members of a room on `shard`, whose thread this must be, for sending to each what is meant for it:
  /// a walk over memory. nullptr when there are none. Good until somebody joins or leaves.
  [[nodiscard]] const Room* local_room(const net::Shard& shard, std::string_view room) const noexcept {
    return rooms_[shard.index()]->room(room);
  }
  /// `Socket::backlog_bytes` and `Socket::send` of the member at `place`, past its session where possible.
  /// Not kept by recovery.
  [[nodiscard]] static std::size_t member_backlog(net::Shard& shard, const Room& room, std::size_t place);
  static void send_to_member(net::Shard& shard, const Room& room, std::size_t place,
                             const EncodedPacket& packet);

  // LocalNode: this process's part of what an adapter does.
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

  // With recovery, events reach every shard in the order in which they were recorded: each shard drains its
  // inbox.
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
  /// `only`: the shard that has all the sockets addressed; nullptr: any may.
  void deliver_recorded(Arguments event, BroadcastOptions options, net::Shard* only = nullptr);
  /// Runs `task` on the current shard after everything recorded before.
  void in_order(net::Shard& shard, std::function<void()> task);
  void drain(net::Shard& shard);
  [[nodiscard]] std::string new_pid();
  /// Takes the session and, in the same breath, takes its place in the order of events.
  [[nodiscard]] bool recover(net::Shard& shard, std::string_view pid, std::string_view offset,
                             std::function<void(RecoveredSession)> joined);
  void save(RecoverableSession session, TimePoint now);
  void log_failure(std::string_view where, std::string_view event, std::string_view sid,
                   std::string_view what) const;
  /// Runs `call`, which is the application's: false when it threw, which is then logged.
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
  [[nodiscard]] std::uint64_t next_ack_id() noexcept {
    return ack_ids_.fetch_add(1, std::memory_order_relaxed);
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
  std::atomic<std::uint64_t> ack_ids_{0};
  std::atomic<std::size_t> count_{0};
};

}  // namespace togglecast::socketio
