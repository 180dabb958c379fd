#include "engineio/upgrade_probe.hpp"

#include <algorithm>
#include <utility>

#include "engineio/frame.hpp"
#include "engineio/packet_trace.hpp"
#include "engineio/polling_transport.hpp"
#include "engineio/server.hpp"
#include "engineio/session.hpp"

namespace togglecast::engineio {
namespace {

constexpr Milliseconds kReleaseEvery{
    100};  // a poll that waits is answered, so that the client can stop polling

}  // namespace

UpgradeProbe::UpgradeProbe(Session& session, net::StreamPtr stream, wire::websocket::DecoderLimits limits,
                           const web::AgreedDeflate& deflate)
    : session_(session),
      socket_(std::make_unique<web::WebSocket>(std::move(stream), limits,
                                               static_cast<web::WebSocketHandler&>(*this), deflate)),
      deadline_(session.shard().now() +
                session.shard().jitter().later(session.server_.options().upgrade_timeout)) {}

UpgradeProbe::~UpgradeProbe() = default;

void UpgradeProbe::start(std::string leftover) {
  session_.shard().arm_exactly(*this, std::chrono::ceil<Milliseconds>(deadline_ - session_.shard().now()));
  socket_->start(std::move(leftover));
}

void UpgradeProbe::on_text(std::string_view message) {
  if (const auto& trace = session_.trace_; trace != nullptr)
    trace->text(PacketTrace::Direction::in, TransportKind::websocket, message);
  if (!probed_ && message == "2probe") {
    probed_ = true;
    socket_->send(text_packet("3probe"));
    if (const auto& trace = session_.trace_; trace != nullptr)
      trace->text(PacketTrace::Direction::out, TransportKind::websocket, "3probe");
    session_.shard().arm(*this, kReleaseEvery);
    return;
  }
  if (probed_ && message == "5") {
    net::TimerNode::cancel();
    session_.take_over(std::move(socket_));
    return;
  }
  give_up();
}

void UpgradeProbe::on_binary(std::string_view) { give_up(); }

void UpgradeProbe::on_end(web::WebSocketEnd how, std::uint16_t code, std::string_view) {
  session_.server_.count_if_limited(session_.shard(), how, code, session_.passed_payload_limit());
  give_up();
}

void UpgradeProbe::on_timer(TimePoint now) {
  if (now >= deadline_) {
    give_up();
    return;
  }
  session_.polling_->release_poll();
  const auto left = std::chrono::ceil<Milliseconds>(deadline_ - now);
  session_.shard().arm_exactly(*this, std::min(kReleaseEvery, left));
}

void UpgradeProbe::give_up() {
  cancel();
  if (session_.probe_.get() == this) session_.probe_ended();
}

void UpgradeProbe::cancel() {
  net::TimerNode::cancel();
  if (socket_ != nullptr && socket_->open()) socket_->close(wire::websocket::CloseCode::none);
}

}  // namespace togglecast::engineio
