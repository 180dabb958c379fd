// One Socket.IO connection of the product: the subscriber of its changes, and what its namespace knows of it.
// Thread rule: the socket's shard. Ownership: the socket (`socket.state<SocketSubscriber>()`).
#pragma once

#include <memory>
#include <optional>
#include <string_view>
#include <vector>

#include "base/error.hpp"
#include "delivery/resume_claim.hpp"
#include "delivery/subscriber.hpp"
#include "delivery/views/view_cache.hpp"
#include "domain/views/sliced_view.hpp"
#include "net/outlets.hpp"
#include "net/timer_wheel.hpp"
#include "realtime/protocol/entity_ref.hpp"
#include "realtime/protocol/packet_encoder.hpp"
#include "realtime/session/connection_meters.hpp"
#include "realtime/session/connection_origin.hpp"
#include "realtime/session/message_queue.hpp"
#include "service/accounts/principal.hpp"
#include "socketio/server.hpp"

namespace togglecast::realtime {

using delivery::ContextPtr;

class SocketSubscriber;
struct WaitingLogins;

/// What few connections need to remember.
struct RareNotes {
  // What it sent at its connect that could not be used: elements of `warnings`.
  json::array context;  ///< of the context that was dropped last
  json::array others;
  std::string address;  ///< of a machine, whose API key may be limited to some
};

/// An entity that an admin follows.
struct Followed {
  EntityRef entity;
  bool editing = false;
  friend bool operator==(const Followed& followed, const EntityRef& ref) { return followed.entity == ref; }
};

/// What a connection that resumes its session missed.
struct Resumed {
  std::string offset;  ///< that it came with
  std::vector<domain::ViewUpdate> missed;
};

/// What a connection will see, worked out before it is admitted.
struct SeenView {
  domain::Viewpoint seen;        ///< of an admin: the state alone
  delivery::ViewText text{};     ///< of a client that does not resume
  std::optional<Error> limit{};  ///< why nothing was worked out: it asked too often
  std::unique_ptr<Resumed> resumed{};
};

/// What the namespace does when something about a connection is due.
class SubscriberKeeper {
 public:
  virtual ~SubscriberKeeper() = default;
  /// Its timer: the login deadline, then the end of its token.
  virtual void on_due(SocketSubscriber& subscriber) = 0;
  /// Its token or its subject may have changed in `state`.
  virtual void recheck(SocketSubscriber& subscriber, const domain::Snapshot& state) = 0;
  /// It may take more.
  virtual void on_drained(SocketSubscriber& subscriber) = 0;
  [[nodiscard]] virtual const MessageLimit& message_limit() const noexcept = 0;
  /// The tag of a session's own offsets.
  [[nodiscard]] virtual std::string tag_of(const delivery::Pid& pid) const = 0;
};

class SocketSubscriber final : public delivery::Subscriber, public net::TimerNode {
 public:
  /// All must outlive it.
  SocketSubscriber(socketio::Socket& connection, SubscriberKeeper& namespace_keeper,
                   const PacketEncoder& encoder);
  ~SocketSubscriber() override;

  void send(const delivery::EncodedBatch& batch) override;
  void send_and_confirm(const delivery::EncodedBatch& batch) override;
  void send_full_state(const domain::Snapshot& state, std::string_view view,
                       std::string_view reason) override;
  void send_full_state_and_confirm(const domain::Snapshot& state, std::string_view view,
                                   std::string_view reason) override;
  [[nodiscard]] std::size_t backlog_bytes() const noexcept override;
  void look_again_later() override;
  /// Whether a full state may be sent now: one waits for the end of another, and of all else that is under
  /// way.
  [[nodiscard]] bool takes_state() const noexcept;
  [[nodiscard]] bool gone() const noexcept override { return socket.ended(); }
  [[nodiscard]] std::string offset_tag() const override;
  /// The offset of `state`, for a frame that it alone is sent; empty: it has no session to resume.
  [[nodiscard]] std::string own_offset(const domain::Snapshot& state);
  /// Its pushes end with an offset.
  [[nodiscard]] bool wants_offsets() const noexcept {
    return static_cast<const PacketEncoder&>(encoder()).with_offsets();
  }
  /// It may keep the offset of this revision that many connections receive.
  [[nodiscard]] bool keeps_offset(domain::Revision revision) const noexcept {
    return !pid || revision > pid->base();
  }
  /// The revision of the newest offset that it was sent.
  [[nodiscard]] domain::Revision newest_offset() const noexcept { return newest_offset_; }
  /// Its session can be resumed from the offsets that it is sent.
  [[nodiscard]] bool resumable() const noexcept { return pid && !sees_otherwise; }
  [[nodiscard]] delivery::ConnectionName name() const override;
  [[nodiscard]] bool is_machine() const noexcept { return who.kind == service::Principal::Kind::machine; }
  void recheck(const domain::Snapshot& state) override { keeper_.recheck(*this, state); }
  [[nodiscard]] TokenBucket& full_states() noexcept override { return meters().full_states; }
  [[nodiscard]] const MessageLimit& message_limit() const noexcept { return keeper_.message_limit(); }
  /// Of the connection, all namespaces together. Only before the disconnect.
  [[nodiscard]] ConnectionMeters& meters() const { return meters_of(socket.connection_state()); }

  /// What few connections have, and most for a moment only.
  struct Seldom {
    std::unique_ptr<SeenView> seen_view;              ///< of a connection that is about to be admitted
    std::unique_ptr<std::vector<Followed>> followed;  ///< by an admin; null: nothing
    std::unique_ptr<RareNotes> notes;                 ///< null: none
    std::unique_ptr<WaitingLogins> waiting_logins;  ///< of a client that asks again before it takes its state
  };
  [[nodiscard]] Seldom& seldom();
  [[nodiscard]] std::unique_ptr<SeenView> take_seen_view();
  [[nodiscard]] const SeenView* seen_view() const noexcept {
    return seldom_ == nullptr ? nullptr : seldom_->seen_view.get();
  }
  [[nodiscard]] std::vector<Followed>* followed() const noexcept {
    return seldom_ == nullptr ? nullptr : seldom_->followed.get();
  }
  /// It follows this entity, and says that it edits it.
  [[nodiscard]] bool edits(const EntityRef& entity) const noexcept;
  [[nodiscard]] RareNotes* notes() const noexcept {
    return seldom_ == nullptr ? nullptr : seldom_->notes.get();
  }
  [[nodiscard]] WaitingLogins* waiting_logins() const noexcept {
    return seldom_ == nullptr ? nullptr : seldom_->waiting_logins.get();
  }
  void drop_waiting_logins() noexcept;

 private:
  void on_timer(TimePoint) override { keeper_.on_due(*this); }

  // Beside what a push reads of the subscriber.
  net::Outlets::Index outlet_ = net::Outlets::kNone;  // looked up when it is first sent something
  domain::Revision newest_offset_ = 0;

 public:
  MessageQueue messages;
  bool logged_in = false;        ///< and was admitted
  bool warned = false;           ///< token_expiring was sent for the present token
  bool turned_away = false;      ///< it will be closed in a moment, and may come back
  bool heartbeat_waits = false;  ///< an answer is on its way for all heartbeats that come until then
  bool sees_otherwise = false;   ///< its context or role is not that of its pid any more: no offset counts
  std::optional<delivery::Pid> pid;  ///< in the answer to its CONNECT
  ConnectionOrigin origin;
  socketio::Socket& socket;
  service::Principal who;  ///< id 0: it has not presented a token

 private:
  void drop_seldom_if_empty() noexcept;

  std::unique_ptr<Seldom> seldom_;  // null: it has none of it
  SubscriberKeeper& keeper_;
};

/// The Socket.IO connection behind a subscriber; nullptr: another transport carries it.
[[nodiscard]] inline SocketSubscriber* socket_subscriber(delivery::Subscriber& subscriber) noexcept {
  return dynamic_cast<SocketSubscriber*>(&subscriber);
}

}  // namespace togglecast::realtime
