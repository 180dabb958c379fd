// Authenticates the connections of one namespace: by the token that they connect with, or by an event; renews
// and ends their sessions. It knows tokens and limits, and nothing of what is done once a connection is in.
//
// A connection is admitted in one turn of the shard, after all waiting: recheck the token, send the state,
// enter the shard's delivery. The state is the current one, or, when working it out took longer than a turn,
// the one of that beginning; delivery then sends what changed since. Thread rule: registered before the
// server starts; everything else on the socket's shard.
#pragma once

#include <array>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "base/clock.hpp"
#include "changes/read_model.hpp"
#include "delivery/resume_claim.hpp"
#include "delivery/shard_delivery.hpp"
#include "observe/metrics.hpp"
#include "observe/peer_log.hpp"
#include "realtime/protocol/events.hpp"
#include "realtime/session/newest_state.hpp"
#include "realtime/session/options.hpp"
#include "realtime/session/reply.hpp"
#include "realtime/session/socket_subscriber.hpp"
#include "service/accounts/authenticator.hpp"
#include "service/accounts/session_end.hpp"
#include "socketio/server.hpp"

namespace togglecast::realtime {

/// What the authentication of either namespace needs. All must outlive it.
struct AuthParts {
  const service::Authenticator& authenticator;
  const changes::ReadModel& model;
  const delivery::ShardDeliveries& deliveries;
  const delivery::SessionIds& sessions;
  const NewestState& newest;
  SdkNames& sdks;
  const Options& options;
  const Clock& clock;
  observe::PeerLog log;
  observe::Metrics& metrics;

  [[nodiscard]] delivery::ShardDelivery& delivery(const socketio::Socket& socket) const {
    return *deliveries[socket.shard().index()];
  }
};

class ConnectionAuth final : private SubscriberKeeper {
 public:
  using ViewPtr = std::unique_ptr<SeenView>;
  /// A connection as it was authenticated.
  struct Claim {
    const service::Principal& who;
    const ContextPtr& context;  ///< of a client
    SeenView* view = nullptr;   ///< of a client that exists, or of an admin that resumes; `admit` takes it
  };
  /// What differs between the namespaces.
  struct Rules {
    service::Principal::Kind kind;  ///< whose tokens open it; that of admins also API keys
    event::Request login;           ///< the event that logs in
    /// Works out the view of a claim, which may take many turns. `then` is called once, unless the connection
    /// ends or a newer login takes its place; then `superseded` is called. Without it, `admit` needs none.
    std::function<void(SocketSubscriber&, const Claim&, std::function<void(ViewPtr)> then,
                       std::function<void()> superseded)>
        prepare;
    /// Works out what a connection that resumes missed between two states, which may take many turns. False
    /// when that is not possible: it was not there in the first one.
    std::function<bool(SocketSubscriber&, const domain::SnapshotPtr& from, const domain::SnapshotPtr& to,
                       std::function<void(ViewPtr)> then)>
        compare;
    std::string_view resumed;  ///< the event that it is told
    /// Enters the shard's delivery, or begins there again, and returns the payload of the reply to `login`.
    /// Changes nothing when it refuses.
    std::function<Result<json::object>(SocketSubscriber&, const Claim&)> admit;
    /// After the first reply.
    std::function<void(SocketSubscriber&)> welcome;
    /// The role of an admin has changed while it is connected. May be empty.
    std::function<void(SocketSubscriber&)> role_changed{};

    [[nodiscard]] PacketEncoder::Receiver receiver() const noexcept {
      return kind == service::Principal::Kind::admin ? PacketEncoder::Receiver::admin
                                                     : PacketEncoder::Receiver::client;
    }
  };

  ConnectionAuth(socketio::Namespace& nsp, const AuthParts& parts, Rules rules);
  ConnectionAuth(const ConnectionAuth&) = delete;
  ConnectionAuth& operator=(const ConnectionAuth&) = delete;
  ~ConnectionAuth() override = default;

 private:
  void check(socketio::Socket& socket, const socketio::Next& next);
  // A session is resumed, or begins again: connection_resume.cpp.
  /// `next` may be called in a later turn. Then the connection has its pid, and its view if it has one.
  void start(SocketSubscriber& subscriber, const socketio::Next& next);
  /// The same, once this node has what the client names, or nobody has it.
  void start_with_newest(SocketSubscriber& subscriber, const socketio::Next& next);
  void start_new(SocketSubscriber& subscriber, const socketio::Next& next);
  void resume(SocketSubscriber& subscriber, const delivery::ResumeClaim& claim, const socketio::Next& next);
  void count(delivery::ResumeResult result) const noexcept;
  /// What decides what the connection sees.
  [[nodiscard]] std::string view_name(const service::Principal& who, const ContextPtr& context) const;
  /// The pid of a session that begins with `told`.
  void begin_session(SocketSubscriber& subscriber, const domain::Snapshot& told) const;
  void tell_resumed(SocketSubscriber& subscriber, json::object payload, SeenView& view);
  /// Its context or role is another one now, or the one of its pid again.
  void see_with(SocketSubscriber& subscriber, bool as_pid_says);
  /// Its copy holds what it may not read any more, or lacks what it may: it has to read everything again.
  void role_changed(SocketSubscriber& subscriber);
  /// An offset that no session may resume from: so that a stock client keeps no older one.
  [[nodiscard]] std::string void_offset(const SocketSubscriber& subscriber,
                                        const domain::Snapshot& state) const;
  [[nodiscard]] std::string tag_of(const delivery::Pid& pid) const override;
  [[nodiscard]] const MessageLimit& message_limit() const noexcept override { return limit_; }
  /// Answers a login with a full state, so that the offset that the client keeps follows it.
  void answer_with_state(SocketSubscriber& subscriber, const SeenView& view, const json::object& payload,
                         const Reply& reply);

  void begin(socketio::Socket& socket);
  void login(const socketio::Event& event);
  /// Calls `then` with the view of the claim, if its kind has one.
  void prepare(SocketSubscriber& subscriber, const Claim& claim, std::function<void(ViewPtr)> then,
               std::function<void()> superseded);
  /// After all waiting: whether it may log in, or renew its session.
  void start_login(SocketSubscriber& subscriber, const service::Principal& claimed,
                   const std::optional<ContextPtr>& context, const Reply& reply);
  /// The same once the connection takes another full state and nothing is being worked out for it. A later
  /// login replaces one that still waits, unless that asked for an acknowledgement.
  void log_in_or_wait(SocketSubscriber& subscriber, const service::Principal& claimed,
                      const std::optional<ContextPtr>& context, const Reply& reply);
  void go_on_with_logins(SocketSubscriber& subscriber);
  /// Logs in, or renews the session.
  void log_in(SocketSubscriber& subscriber, const service::Principal& claimed, const ContextPtr& context,
              const ViewPtr& view, const Reply& reply);
  [[nodiscard]] Result<json::object> admit(SocketSubscriber& subscriber, const Claim& claim);
  /// The connections of this namespace in one environment.
  [[nodiscard]] observe::Gauge& connected(const std::string& environment) const;
  [[nodiscard]] Result<ContextPtr> context_of(const json::value& from) const;
  [[nodiscard]] Result<service::Principal> identify(std::string_view token, std::string_view address) const;
  /// Where it comes from, while that is known.
  void note_origin(SocketSubscriber& subscriber) const;
  /// Of the caller; empty when nobody knows it any more.
  [[nodiscard]] static std::string address_of(const socketio::Socket& socket);
  using Identified = std::function<void(Result<service::Principal> who)>;
  // At once, or, when the token may be too new to be known, after a look into the store; unless the socket
  // has ended by then.
  void identify(socketio::Socket& socket, const std::string& token, Identified then) const;
  /// Whether it may have a full state now. The first one of a connection is free, whatever it joins and
  /// leaves.
  [[nodiscard]] Result<void> take_state(SocketSubscriber& subscriber) const;
  /// The same for what costs as much.
  [[nodiscard]] Result<void> take_work(SocketSubscriber& subscriber) const;
  /// The context of an auth object, or the stand-in for one that cannot be used, with warnings.
  [[nodiscard]] ContextPtr context_at_connect(SocketSubscriber& subscriber, const json::value& from) const;
  /// Tells why, then disconnects for good.
  void end_session(SocketSubscriber& subscriber, const service::SessionEnd& end) const;
  void watch_expiry(SocketSubscriber& subscriber);
  void on_due(SocketSubscriber& subscriber) override;
  void recheck(SocketSubscriber& subscriber, const domain::Snapshot& state) override;
  void on_drained(SocketSubscriber& subscriber) override;
  void refused(const socketio::Socket& socket, const Error& error);
  void left(const socketio::Socket& socket, socketio::DisconnectReason reason);

  AuthParts parts_;
  Rules rules_;
  MessageLimit limit_;
  observe::Counter& logins_;
  std::array<observe::Counter*, delivery::kResumeResults> resumes_{};
  std::string namespace_;
};

}  // namespace togglecast::realtime
