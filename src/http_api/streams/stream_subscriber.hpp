// One connection of server-sent events: a subscriber of delivery. Thread rule: its shard. Ownership:
// `Streams`.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "base/memory/held.hpp"
#include "delivery/resume_claim.hpp"
#include "delivery/subscriber.hpp"
#include "http_api/streams/stream_encoder.hpp"
#include "service/accounts/principal.hpp"
#include "web/event_stream.hpp"

namespace togglecast::http_api {

class StreamSubscriber;

/// What the owner does when something about a stream is due.
class StreamKeeper {
 public:
  /// Its timer, or the end of its token.
  virtual void on_due(StreamSubscriber& subscriber) = 0;
  /// Its token or its client may have changed in `state`.
  virtual void recheck(StreamSubscriber& subscriber, const domain::Snapshot& state) = 0;
  /// It may take more.
  virtual void on_drained(StreamSubscriber& subscriber) = 0;
  /// The connection has ended. The owner destroys it in a later turn.
  virtual void on_gone(StreamSubscriber& subscriber, net::StreamEnd reason) = 0;
  /// The tag of a session's own offsets.
  [[nodiscard]] virtual std::string tag_of(const delivery::Pid& pid) const = 0;

 protected:
  ~StreamKeeper() = default;
};

class StreamSubscriber final : public delivery::Subscriber,
                               public std::enable_shared_from_this<StreamSubscriber>,
                               private web::EventStreamHandler {
 public:
  enum class Kind : bool { view, notices };

  /// `keeper` must outlive it.
  StreamSubscriber(net::StreamPtr stream, Kind kind, std::shared_ptr<const service::Principal> who,
                   StreamKeeper& keeper);
  ~StreamSubscriber() override = default;

  void send(const delivery::EncodedBatch& batch) override;
  void send_full_state(const domain::Snapshot& state, std::string_view view,
                       std::string_view reason) override;
  [[nodiscard]] std::size_t backlog_bytes() const noexcept override { return stream.backlog_bytes(); }
  void look_again_later() override;
  [[nodiscard]] bool only_notices() const noexcept override { return kind_ == Kind::notices; }
  [[nodiscard]] bool gone() const noexcept override { return !stream.open(); }
  [[nodiscard]] std::string offset_tag() const override { return pid ? keeper_.tag_of(*pid) : ""; }
  [[nodiscard]] delivery::ConnectionName name() const override;
  void recheck(const domain::Snapshot& state) override { keeper_.recheck(*this, state); }
  [[nodiscard]] TokenBucket& full_states() noexcept override { return full_states_; }

  /// Sends one event of its own; `offset`: of the state that the receiver then has, empty: none.
  void send_event(std::string_view name, std::string_view data, std::string_view offset = {});
  /// The same for the view, the text of its members (see `domain::FullView`): in the member of this name, or
  /// beside the other members. The offset is that of `state`.
  void send_view(std::string_view name, std::string_view member, std::string_view view,
                 const json::object& others, const domain::Snapshot& state);
  [[nodiscard]] const service::Principal& who() const noexcept { return *who_; }

  web::EventStream stream;
  std::optional<delivery::Pid> pid{};  ///< of a view
  HeldPtr held{};                      ///< its place in the limit of its address
  bool has_place = false;              ///< it counts among the connections of its client
  bool warned = false;                 ///< token_expiring was sent
  bool leaving = false;                ///< it is sent away when its timer is due
  std::uint32_t place = 0;             ///< among the streams of its shard

 private:
  void on_stream_end(net::StreamEnd reason) override { keeper_.on_gone(*this, reason); }
  void on_stream_drained() override { keeper_.on_drained(*this); }
  void on_stream_timer(TimePoint) override { keeper_.on_due(*this); }
  [[nodiscard]] std::string id_of(std::string_view offset) const;

  Kind kind_;
  TokenBucket full_states_;
  std::shared_ptr<const service::Principal> who_;
  StreamKeeper& keeper_;
};

}  // namespace togglecast::http_api
