#include "socketio/rooms.hpp"

#include <algorithm>

#include "socketio/adapter.hpp"
#include "socketio/socket.hpp"

namespace togglecast::socketio {
namespace {

// By half, not by doubling: with many connections the unused part of these arrays is memory of each of them.
template <typename T>
void push(std::vector<T>& array, T value) {
  if (array.size() == array.capacity())
    array.reserve(array.size() + std::max<std::size_t>(4, array.size() / 4));
  array.push_back(value);
}

}  // namespace

std::size_t Rooms::IdHash::operator()(const Socket* socket) const noexcept { return (*this)(socket->id()); }
bool Rooms::SameId::operator()(const Socket* socket, std::string_view id) const noexcept {
  return socket->id() == id;
}

void Rooms::mark(Socket& socket, std::uint64_t stamp) noexcept { socket.visit_ = stamp; }
bool Rooms::marked(const Socket& socket, std::uint64_t stamp) noexcept { return socket.visit_ == stamp; }
net::Outlets::Index Rooms::outlet_of(const Socket& socket) noexcept { return socket.outlet(); }

const std::uint32_t* Rooms::index_of(std::string_view name) const noexcept {
  const auto found = by_name_.find(name);
  return found == by_name_.end() ? nullptr : &found->second;
}

Socket* Rooms::find(std::string_view id) const noexcept {
  const auto found = by_id_.find(id);
  return found == by_id_.end() ? nullptr : *found;
}

std::uint32_t Rooms::make_room(std::string_view name) {
  if (unused_.empty()) {
    unused_.push_back(static_cast<std::uint32_t>(rooms_.size()));
    rooms_.emplace_back();
  }
  const std::uint32_t index = unused_.back();
  by_name_.emplace(std::string(name), index);
  unused_.pop_back();
  rooms_[index].name = name;
  if (adapter_ != nullptr) adapter_->room_opened(name, false);
  return index;
}

void Rooms::forget_if_empty(std::uint32_t index) {
  if (index == 0 || !rooms_[index].members.empty()) return;
  if (adapter_ != nullptr) adapter_->room_closed(rooms_[index].name, false);
  by_name_.erase(by_name_.find(rooms_[index].name));
  rooms_[index] = Room{};
  unused_.push_back(index);
}

void Rooms::add(std::uint32_t index, Socket& socket) {
  Room& room = rooms_[index];
  socket.memberships_.push_back({index, static_cast<std::uint32_t>(room.members.size())});
  push(room.members, &socket);
  push(room.outlets, outlet_of(socket));
}

void Rooms::remove(Socket& socket, std::size_t membership) {
  const Membership place = socket.memberships_[membership];
  socket.memberships_[membership] = socket.memberships_.back();
  socket.memberships_.pop_back();
  Room& room = rooms_[place.room];
  Socket* last = room.members.back();
  room.members[place.place] = last;
  room.members.pop_back();
  room.outlets[place.place] = room.outlets.back();
  room.outlets.pop_back();
  if (last == &socket) return;
  for (auto& other : last->memberships_) {
    if (other.room == place.room) other.place = place.place;
  }
}

void Rooms::move_outlet(const Socket& socket) {
  for (const auto& place : socket.memberships_) rooms_[place.room].outlets[place.place] = outlet_of(socket);
}

void Rooms::enter(Socket& socket) {
  by_id_.insert(&socket);
  add(0, socket);
  if (adapter_ != nullptr) adapter_->room_opened(socket.id(), true);
}

void Rooms::exit(Socket& socket) {
  while (!socket.memberships_.empty()) {
    const std::uint32_t room = socket.memberships_.back().room;
    remove(socket, socket.memberships_.size() - 1);
    forget_if_empty(room);
  }
  by_id_.erase(&socket);
  if (adapter_ != nullptr) adapter_->room_closed(socket.id(), true);
}

void Rooms::join(Socket& socket, std::string_view name) {
  if (name == socket.id()) return;  // its own room, always
  const std::uint32_t* found = index_of(name);
  const std::uint32_t index = found != nullptr ? *found : make_room(name);
  if (!is_in(socket, index)) add(index, socket);
}

bool Rooms::is_in(const Socket& socket, std::uint32_t room) noexcept {
  return std::any_of(socket.memberships_.begin(), socket.memberships_.end(),
                     [room](const Membership& place) { return place.room == room; });
}

bool Rooms::is_member(const Socket& socket, std::string_view name) const noexcept {
  if (name == socket.id()) return true;
  const std::uint32_t* found = index_of(name);
  return found != nullptr && is_in(socket, *found);
}

void Rooms::leave(Socket& socket, std::string_view name) {
  const std::uint32_t* found = index_of(name);
  if (found == nullptr) return;
  const std::uint32_t index = *found;
  for (std::size_t i = 0; i < socket.memberships_.size(); ++i) {
    if (socket.memberships_[i].room != index) continue;
    remove(socket, i);
    forget_if_empty(index);
    return;
  }
}

std::vector<std::string> Rooms::names() const {
  std::vector<std::string> names;
  names.reserve(by_name_.size());
  for (const auto& entry : by_name_) names.push_back(entry.first);
  return names;
}

std::vector<std::shared_ptr<Socket>> Rooms::selected(const BroadcastOptions& options) {
  std::vector<std::shared_ptr<Socket>> sockets;
  select(options,
         [&sockets](Socket& socket, net::Outlets::Index) { sockets.push_back(socket.shared_from_this()); });
  return sockets;
}

}  // namespace togglecast::socketio
