#include "socketio/rooms.hpp"

#include <algorithm>

#include "socketio/socket.hpp"

namespace togglecast::socketio {

void Rooms::mark(Socket& socket, std::uint64_t stamp) noexcept { socket.visit_ = stamp; }
bool Rooms::marked(const Socket& socket, std::uint64_t stamp) noexcept { return socket.visit_ == stamp; }

Room* Rooms::room(std::string_view name) const noexcept {
  const auto found = rooms_.find(name);
  return found == rooms_.end() ? nullptr : found->second.get();
}

Socket* Rooms::find(std::string_view id) const noexcept {
  const auto found = by_id_.find(id);
  return found == by_id_.end() ? nullptr : found->second;
}

void Rooms::add(Room& room, Socket& socket) {
  socket.memberships_.push_back({&room, static_cast<std::uint32_t>(room.members.size())});
  room.members.push_back(&socket);
}

void Rooms::remove(Socket& socket, std::size_t membership) {
  const Membership place = socket.memberships_[membership];
  socket.memberships_[membership] = socket.memberships_.back();
  socket.memberships_.pop_back();
  auto& members = place.room->members;
  Socket* last = members.back();
  members[place.index] = last;
  members.pop_back();
  if (last == &socket) return;
  for (auto& other : last->memberships_) {
    if (other.room == place.room) other.index = place.index;
  }
}

void Rooms::enter(Socket& socket) {
  by_id_.emplace(socket.id(), &socket);
  add(all_, socket);
}

void Rooms::exit(Socket& socket) {
  while (!socket.memberships_.empty()) {
    Room* room = socket.memberships_.back().room;
    remove(socket, socket.memberships_.size() - 1);
    if (room != &all_ && room->members.empty()) rooms_.erase(rooms_.find(room->name));
  }
  by_id_.erase(socket.id());
}

void Rooms::join(Socket& socket, std::string_view name) {
  if (name == socket.id()) return;  // its own room, always
  Room* found = room(name);
  if (found == nullptr) {
    auto made = std::make_unique<Room>(Room{std::string(name), {}});
    found = made.get();
    rooms_.emplace(std::string(name), std::move(made));
  }
  if (!is_in(socket, *found)) add(*found, socket);
}

bool Rooms::is_in(const Socket& socket, const Room& room) noexcept {
  return std::any_of(socket.memberships_.begin(), socket.memberships_.end(),
                     [&room](const Membership& place) { return place.room == &room; });
}

bool Rooms::is_member(const Socket& socket, std::string_view name) const noexcept {
  if (name == socket.id()) return true;
  const Room* found = room(name);
  return found != nullptr && is_in(socket, *found);
}

void Rooms::leave(Socket& socket, std::string_view name) {
  Room* found = room(name);
  if (found == nullptr) return;
  for (std::size_t i = 0; i < socket.memberships_.size(); ++i) {
    if (socket.memberships_[i].room != found) continue;
    remove(socket, i);
    if (found->members.empty()) rooms_.erase(rooms_.find(name));
    return;
  }
}

std::vector<std::string> Rooms::names() const {
  std::vector<std::string> names;
  names.reserve(rooms_.size());
  for (const auto& entry : rooms_) names.push_back(entry.first);
  return names;
}

std::vector<std::shared_ptr<Socket>> Rooms::selected(const BroadcastOptions& options) {
  std::vector<std::shared_ptr<Socket>> sockets;
  select(options, [&sockets](Socket& socket) { sockets.push_back(socket.shared_from_this()); });
  return sockets;
}

}  // namespace togglecast::socketio
