// The open streams of server-sent events: who gets one, how it begins or goes on, and how it ends. A stream
// is a connection like one of Socket.IO: it counts in the limits of its client and its address, ends with its
// token, and is sent away when the server stops.
//
// A stream begins at once. What it sees is worked out afterwards, maybe in several turns; then, in one turn
// of the shard, it gets its state and enters delivery. Thread rule: `send_away` and `open` from any thread,
// the rest on the shard of the call.
#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "auth/signing_key.hpp"
#include "base/clock.hpp"
#include "base/error.hpp"
#include "base/memory/held.hpp"
#include "changes/read_model.hpp"
#include "delivery/resume_claim.hpp"
#include "delivery/shard_delivery.hpp"
#include "http_api/request/call.hpp"
#include "http_api/streams/stream_subscriber.hpp"
#include "http_api/streams/stream_ticket.hpp"
#include "net/shard_pool.hpp"
#include "observe/metrics.hpp"
#include "observe/peer_log.hpp"
#include "service/accounts/authenticator.hpp"
#include "service/accounts/session_end.hpp"
#include "web/exchange.hpp"

namespace togglecast::http_api {

/// What streams share with the connections of Socket.IO, whose folder is no part of this one. All must
/// outlive them.
struct StreamParts {
  const service::Authenticator& authenticator;
  const changes::ReadModel& model;
  const delivery::ShardDeliveries& deliveries;
  const delivery::SessionIds& sessions;
  /// A state by its epoch and revision.
  struct Named {
    const std::string& environment;
    std::int64_t epoch;
    domain::Revision revision;
  };
  /// Whether the shard tells states at least as new.
  std::function<bool(const net::Shard& shard, const Named& state)> has_state;
  /// Looks for such a state in the store; calls `then` once, on the shard. Not `certain`: this node may be
  /// behind.
  std::function<void(net::Shard& shard, const Named& state, std::function<void(bool certain)> then)>
      fetch_state;
  /// One more connection of this client. False, and not counted: it has as many as it may.
  std::function<bool(net::Shard& shard, const std::string& environment, domain::Id client)> enter;
  /// One less, of those that entered.
  std::function<void(const std::string& environment, domain::Id client)> leave;
};

struct StreamOptions {
  Milliseconds heartbeat{20'000};       ///< between two comments of a stream
  Milliseconds expiry_warning{60'000};  ///< before the end of a token
  net::StreamLimits limits{};
  /// The limit of new connections by address: an error, or nothing when the stream may begin.
  std::function<std::optional<Error>(const web::Peer&)> admit{};
  /// Counts a stream of an address until the pointer is dropped.
  std::function<HeldPtr(const web::Peer&)> hold{};
};

class Streams final : private StreamKeeper {
 public:
  Streams(net::ShardPool& shards, StreamParts parts, const auth::SigningKey& key, StreamOptions options,
          const Clock& clock, observe::PeerLog log, observe::Metrics& metrics);
  Streams(const Streams&) = delete;
  Streams& operator=(const Streams&) = delete;
  ~Streams();

  /// Answers the call with the view of its client, then its updates. `Last-Event-ID` resumes a stream.
  void open_view(const CallPtr& call, delivery::ContextPtr context);
  /// Answers it with a notice, unless `Last-Event-ID` names the present state, and one for each change that
  /// may concern this client.
  void open_notices(const CallPtr& call, const service::Principal& who);
  [[nodiscard]] const StreamTickets& tickets() const noexcept { return tickets_; }

  /// Streams that are open.
  [[nodiscard]] std::uint64_t open() const noexcept { return open_.load(std::memory_order_relaxed); }
  /// Takes no new streams, and ends each at a random moment of the window. Their clients come back.
  void send_away(Milliseconds window);
  /// Ends all streams. While the shards run.
  void close_all();

 private:
  using StreamSubscriberPtr = std::shared_ptr<StreamSubscriber>;
  using Kind = StreamSubscriber::Kind;
  /// What a client presents, and what it asks for.
  struct Wanted {
    std::string pid, offset;
    delivery::ContextPtr context;
  };
  using WantedPtr = std::shared_ptr<const Wanted>;

  [[nodiscard]] StreamSubscriberPtr begin(Call& call, Kind kind, const service::Principal& who);
  void start_view(StreamSubscriber& subscriber, const WantedPtr& wanted);
  void start_with_newest(StreamSubscriber& subscriber, const WantedPtr& wanted);
  /// False when that is not possible.
  [[nodiscard]] bool resume(StreamSubscriber& subscriber, const WantedPtr& wanted,
                            const delivery::ResumeClaim& claim);
  void tell_resumed(StreamSubscriber& subscriber, const WantedPtr& wanted, const domain::Viewpoint& seen,
                    std::vector<domain::ViewUpdate> missed);
  void start_new(StreamSubscriber& subscriber, const WantedPtr& wanted);
  void tell_view(StreamSubscriber& subscriber, const WantedPtr& wanted, const domain::Viewpoint& seen,
                 std::string_view view);
  void start_notices(StreamSubscriber& subscriber, std::string_view last_id);
  /// After all waiting: whether it still may. Ends it if not.
  [[nodiscard]] bool may_stay(StreamSubscriber& subscriber);
  [[nodiscard]] json::object head_of(const domain::Snapshot& state) const;
  [[nodiscard]] static std::string view_name(const StreamSubscriber& subscriber,
                                             const delivery::ContextPtr& context);
  [[nodiscard]] delivery::ShardDelivery& delivery_of(const StreamSubscriber& subscriber) const;
  void count(delivery::ResumeResult result) const noexcept;

  void watch(StreamSubscriber& subscriber) const;
  void end_session(StreamSubscriber& subscriber, const service::SessionEnd& end);
  void finish(StreamSubscriber& subscriber);
  void remove(StreamSubscriber& subscriber);
  void on_due(StreamSubscriber& subscriber) override;
  void recheck(StreamSubscriber& subscriber, const domain::Snapshot& state) override;
  void on_drained(StreamSubscriber& subscriber) override;
  void on_gone(StreamSubscriber& subscriber, net::StreamEnd reason) override;
  [[nodiscard]] std::string tag_of(const delivery::Pid& pid) const override;

  net::ShardPool& shards_;
  StreamParts parts_;
  StreamTickets tickets_;
  StreamOptions options_;
  const Clock& clock_;
  observe::PeerLog log_;
  observe::Counter& views_;
  observe::Counter& notices_;
  observe::Gauge& gauge_;
  std::array<observe::Counter*, delivery::kResumeResults> resumes_{};
  std::atomic<std::uint64_t> open_{0};
  std::atomic<bool> leaving_{false};
  std::vector<std::vector<StreamSubscriberPtr>> by_shard_;  // each is used only on its shard
};

}  // namespace togglecast::http_api
