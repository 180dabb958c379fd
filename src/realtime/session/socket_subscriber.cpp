#include "realtime/session/socket_subscriber.hpp"

#include <algorithm>
#include <utility>

#include "delivery/subscriber_index.hpp"
#include "realtime/protocol/events.hpp"
#include "realtime/protocol/packets.hpp"
#include "realtime/session/waiting_logins.hpp"

namespace togglecast::realtime {

namespace {

constexpr std::size_t kAlmostNothing = 16 * 1'024;

}  // namespace

SocketSubscriber::SocketSubscriber(socketio::Socket& connection, SubscriberKeeper& namespace_keeper,
                                   const PacketEncoder& encoder)
    : Subscriber(encoder), socket(connection), keeper_(namespace_keeper) {}

SocketSubscriber::~SocketSubscriber() = default;

SocketSubscriber::Seldom& SocketSubscriber::seldom() {
  if (seldom_ == nullptr) seldom_ = std::make_unique<Seldom>();
  return *seldom_;
}

std::unique_ptr<SeenView> SocketSubscriber::take_seen_view() {
  if (seldom_ == nullptr) return nullptr;
  auto view = std::move(seldom_->seen_view);
  drop_seldom_if_empty();
  return view;
}

bool SocketSubscriber::edits(const EntityRef& entity) const noexcept {
  const auto* all = followed();
  if (all == nullptr) return false;
  const auto found = std::find(all->begin(), all->end(), entity);
  return found != all->end() && found->editing;
}

void SocketSubscriber::drop_waiting_logins() noexcept {
  if (seldom_ == nullptr) return;
  seldom_->waiting_logins.reset();
  drop_seldom_if_empty();
}

void SocketSubscriber::drop_seldom_if_empty() noexcept {
  const Seldom& has = *seldom_;
  if (has.seen_view == nullptr && has.followed == nullptr && has.notes == nullptr &&
      has.waiting_logins == nullptr)
    seldom_.reset();
}

bool SocketSubscriber::takes_state() const noexcept {
  return socket.backlog_bytes() <= kAlmostNothing && socket.collected_bytes() <= kAlmostNothing;
}

void SocketSubscriber::send(const delivery::EncodedBatch& batch) {
  net::Shard& shard = *home().shard;  // not the socket's: a push reads as few objects as it can
  const auto& [packets, offset] = static_cast<const PacketBatch&>(batch).content();
  if (offset != 0) newest_offset_ = offset;
  if (outlet_ == net::Outlets::kNone) outlet_ = socket.outlet();
  if (outlet_ == net::Outlets::kNone) {
    const auto keep = socket.shared_from_this();
    for (const auto& packet : packets) keep->send(packet);
  } else {
    for (const auto& packet : packets) packet.send_to(shard, outlet_);
  }
}

void SocketSubscriber::send_and_confirm(const delivery::EncodedBatch& batch) {
  const auto keep = socket.shared_from_this();
  send(batch);
  keep->ping();
}

delivery::ConnectionName SocketSubscriber::name() const {
  return {std::string(socket.id()), engineio::to_string(socket.transport())};
}

// What is collected for the end of this turn is no backlog: nothing would tell when it has left.
std::size_t SocketSubscriber::backlog_bytes() const noexcept {
  const bool direct = entered() && outlet_ != net::Outlets::kNone &&
                      home().shard->outlets()[outlet_].state == net::Outlet::State::direct;
  return direct ? 0 : socket.backlog_bytes();
}

void SocketSubscriber::send_full_state(const domain::Snapshot& state, std::string_view view,
                                       std::string_view reason) {
  const json::object payload{
      {"reason", reason}, {"revision", state.revision()}, {"epoch", state.head().epoch}};
  socket.send(view_packet(event::kClient, event::kConfigSync,
                          with_view("snapshot", view, payload, own_offset(state))));
}

void SocketSubscriber::send_full_state_and_confirm(const domain::Snapshot& state, std::string_view view,
                                                   std::string_view reason) {
  const auto keep = socket.shared_from_this();
  send_full_state(state, view, reason);
  keep->ping();
}

std::string SocketSubscriber::offset_tag() const { return resumable() ? keeper_.tag_of(*pid) : ""; }

std::string SocketSubscriber::own_offset(const domain::Snapshot& state) {
  if (!resumable()) return {};
  newest_offset_ = state.revision();
  return to_string(state.offset(), offset_tag());
}

void SocketSubscriber::look_again_later() {
  socket.shard().post([to_whom = socket.weak_from_this()] {
    const auto still = to_whom.lock();
    if (still == nullptr || !still->connected()) return;
    if (auto* subscriber = still->state<SocketSubscriber>()) subscriber->keeper_.on_drained(*subscriber);
  });
}

}  // namespace togglecast::realtime
