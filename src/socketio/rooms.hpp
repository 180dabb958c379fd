// The rooms of one namespace on one shard: dense arrays of members, so that a broadcast is a walk over
// memory. Thread rule: the shard's.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "socketio/broadcast_options.hpp"

namespace togglecast::socketio {

class Socket;

struct Room {
  std::string name;
  std::vector<Socket*> members;
};

/// A member's place in a room, kept by the member.
struct Membership {
  Room* room;
  std::uint32_t index;
};

class Rooms {
 public:
  Rooms() = default;
  Rooms(const Rooms&) = delete;
  Rooms& operator=(const Rooms&) = delete;

  /// The socket takes part in the namespace: it is everywhere-addressed and found by its id.
  void enter(Socket& socket);
  /// It leaves the namespace and all its rooms; rooms that become empty are gone.
  void exit(Socket& socket);
  void join(Socket& socket, std::string_view room);
  void leave(Socket& socket, std::string_view room);
  [[nodiscard]] bool is_member(const Socket& socket, std::string_view room) const noexcept;

  [[nodiscard]] Socket* find(std::string_view id) const noexcept;
  [[nodiscard]] const std::vector<Socket*>& all() const noexcept { return all_.members; }
  [[nodiscard]] std::size_t room_count() const noexcept { return rooms_.size(); }
  /// Names of all rooms.
  [[nodiscard]] std::vector<std::string> names() const;

  /// Calls `visit(Socket&)` once for each socket addressed. Nobody may join, leave or go meanwhile.
  template <typename Visit>
  void select(const BroadcastOptions& options, Visit&& visit);
  /// The same as a list, for when they may join, leave or go: it keeps them alive.
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

  [[nodiscard]] Room* room(std::string_view name) const noexcept;
  [[nodiscard]] static bool is_in(const Socket& socket, const Room& room) noexcept;
  void add(Room& room, Socket& socket);
  void remove(Socket& socket, std::size_t membership);
  static void mark(Socket& socket, std::uint64_t stamp) noexcept;
  static bool marked(const Socket& socket, std::uint64_t stamp) noexcept;
  template <typename Visit>
  void each_member(std::string_view name, Visit&& visit);

  Room all_;
  NameMap<std::unique_ptr<Room>> rooms_;
  std::unordered_map<std::string_view, Socket*> by_id_;
  std::uint64_t stamp_ = 0;
};

// Whoever joins a room that is called like another socket's id listens in, as in the reference, but does not
// take that socket's place.
template <typename Visit>
void Rooms::each_member(std::string_view name, Visit&& visit) {
  if (Room* found = room(name)) {
    for (Socket* socket : found->members) visit(*socket);
  }
  if (Socket* socket = find(name)) visit(*socket);
}

template <typename Visit>
void Rooms::select(const BroadcastOptions& options, Visit&& visit) {
  if (options.except.empty() && options.rooms.size() <= 1) {  // nobody can be met twice
    if (options.rooms.empty()) {
      for (Socket* socket : all_.members) visit(*socket);
    } else {
      each_member(options.rooms.front(), visit);
    }
    return;
  }
  const std::uint64_t stamp = ++stamp_;
  for (const auto& name : options.except) each_member(name, [stamp](Socket& socket) { mark(socket, stamp); });
  const auto visit_once = [&](Socket& socket) {
    if (marked(socket, stamp)) return;
    mark(socket, stamp);
    visit(socket);
  };
  if (options.rooms.empty()) {
    for (Socket* socket : all_.members) visit_once(*socket);
  }
  for (const auto& name : options.rooms) each_member(name, visit_once);
}

}  // namespace togglecast::socketio
