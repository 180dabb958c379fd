// The rooms of one namespace on one shard. Each room is a dense array, so that a broadcast reads memory in
// order. The room named after a socket's id has no entry: `select` finds that socket by its id. Thread rule:
// the shard's thread.
#pragma once

#include <boost/unordered/unordered_flat_set.hpp>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/memory/compact_vector.hpp"
#include "net/outlets.hpp"
#include "socketio/broadcast_options.hpp"

namespace togglecast::socketio {

class Adapter;
class Socket;

/// The members of a room, in no order. `members[i]` receives at `outlets[i]`. That is kNone if packets must
/// go through the socket's session, as with long polling.
struct Room {
  std::string name;
  std::vector<Socket*> members;
  std::vector<net::Outlets::Index> outlets;
};

/// The place of a socket in a room. The socket keeps it.
struct Membership {
  std::uint32_t room;
  std::uint32_t place;
};
/// The namespace itself is the first. Most sockets are in up to two more rooms. Further ones need the heap,
/// and long-lived blocks there keep pages from being returned that the start of a connection used.
using Memberships = CompactVector<Membership, 3>;

class Rooms {
 public:
  Rooms() : rooms_(1) {}
  Rooms(const Rooms&) = delete;
  Rooms& operator=(const Rooms&) = delete;

  /// Tells it which rooms there are. It must outlive this object.
  void tell(Adapter* adapter) noexcept { adapter_ = adapter; }

  /// The socket joins the namespace, and is in the room named after its id from now on.
  void enter(Socket& socket);
  /// The socket leaves the namespace and all its rooms. Empty rooms are removed.
  void exit(Socket& socket);
  void join(Socket& socket, std::string_view room);
  void leave(Socket& socket, std::string_view room);
  [[nodiscard]] bool is_member(const Socket& socket, std::string_view room) const noexcept;
  /// The socket has another outlet from now on.
  void move_outlet(const Socket& socket);

  [[nodiscard]] Socket* find(std::string_view id) const noexcept;
  [[nodiscard]] const std::vector<Socket*>& all() const noexcept { return rooms_.front().members; }
  [[nodiscard]] std::size_t room_count() const noexcept { return by_name_.size(); }
  [[nodiscard]] const std::string& name_of(const Membership& membership) const noexcept {
    return rooms_[membership.room].name;
  }
  /// Names of all rooms.
  [[nodiscard]] std::vector<std::string> names() const;

  /// Calls `visit(Socket&, outlet)` once for each socket addressed. No socket may join or leave meanwhile.
  template <typename Visit>
  void select(const BroadcastOptions& options, Visit&& visit);
  /// The same sockets as a list that keeps them alive. They may join and leave.
  [[nodiscard]] std::vector<std::shared_ptr<Socket>> selected(const BroadcastOptions& options);

 private:
  struct Hash {
    using is_transparent = void;
    std::size_t operator()(std::string_view text) const noexcept {
      return std::hash<std::string_view>{}(text);
    }
  };
  template <typename T>
  using NameMap = std::unordered_map<std::string, T, Hash, std::equal_to<>>;

  // Ids are random.
  struct IdHash {
    using is_transparent = void;
    using is_avalanching = void;
    std::size_t operator()(std::string_view id) const noexcept { return std::hash<std::string_view>{}(id); }
    std::size_t operator()(const Socket* socket) const noexcept;
  };
  struct SameId {
    using is_transparent = void;
    bool operator()(const Socket* a, const Socket* b) const noexcept { return a == b; }
    bool operator()(const Socket* socket, std::string_view id) const noexcept;
    bool operator()(std::string_view id, const Socket* socket) const noexcept { return (*this)(socket, id); }
  };

  [[nodiscard]] const std::uint32_t* index_of(std::string_view name) const noexcept;
  [[nodiscard]] static bool is_in(const Socket& socket, std::uint32_t room) noexcept;
  [[nodiscard]] static net::Outlets::Index outlet_of(const Socket& socket) noexcept;
  [[nodiscard]] std::uint32_t make_room(std::string_view name);
  void add(std::uint32_t room, Socket& socket);
  void remove(Socket& socket, std::size_t membership);
  void forget_if_empty(std::uint32_t room);
  template <typename Visit>
  void each_of(std::uint32_t room, Visit&& visit);
  static void mark(Socket& socket, std::uint64_t stamp) noexcept;
  static bool marked(const Socket& socket, std::uint64_t stamp) noexcept;
  template <typename Visit>
  void each_member(std::string_view name, Visit&& visit);

  std::deque<Room> rooms_;  // the first is the namespace
  std::vector<std::uint32_t> unused_;
  NameMap<std::uint32_t> by_name_;
  boost::unordered_flat_set<Socket*, IdHash, SameId> by_id_;
  std::uint64_t stamp_ = 0;
  Adapter* adapter_ = nullptr;
};

template <typename Visit>
void Rooms::each_of(std::uint32_t index, Visit&& visit) {
  const Room& room = rooms_[index];
  for (std::size_t i = 0; i < room.members.size(); ++i) visit(*room.members[i], room.outlets[i]);
}

// A room may have the id of another socket as its name. Its members get the messages to that socket, too, as
// with the stock server.
template <typename Visit>
void Rooms::each_member(std::string_view name, Visit&& visit) {
  if (const std::uint32_t* found = index_of(name)) each_of(*found, visit);
  if (Socket* socket = find(name)) visit(*socket, outlet_of(*socket));
}

template <typename Visit>
void Rooms::select(const BroadcastOptions& options, Visit&& visit) {
  if (options.except.empty() && options.rooms.size() <= 1) {  // no socket can be visited twice
    if (options.rooms.empty()) {
      each_of(0, visit);
    } else {
      each_member(options.rooms.front(), visit);
    }
    return;
  }
  const std::uint64_t stamp = ++stamp_;
  for (const auto& name : options.except) {
    each_member(name, [stamp](Socket& socket, net::Outlets::Index) { mark(socket, stamp); });
  }
  const auto visit_once = [&](Socket& socket, net::Outlets::Index outlet) {
    if (marked(socket, stamp)) return;
    mark(socket, stamp);
    visit(socket, outlet);
  };
  if (options.rooms.empty()) each_of(0, visit_once);
  for (const auto& name : options.rooms) each_member(name, visit_once);
}

}  // namespace togglecast::socketio
