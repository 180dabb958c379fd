// A server-side WebSocket (RFC 6455) on a stream: frames in, preformatted frames out, compressed (RFC 7692)
// where the handshake agreed on it.
// Thread rule: everything on the stream's shard. Ownership: the owner of the WebSocket is its handler's
// business; it is destroyed with `Shard::retire` (or after the turn).
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/pooled.hpp"
#include "base/shared_bytes.hpp"
#include "net/stream.hpp"
#include "web/deflate.hpp"
#include "web/exchange.hpp"
#include "wire/http/message.hpp"
#include "wire/websocket/frame.hpp"

namespace togglecast::web {

enum class WebSocketEnd : std::uint8_t {
  closed_by_peer,  ///< a close frame came (and was echoed)
  dropped,         ///< the connection ended without one
  failed,          ///< the peer broke the protocol; a close frame with the code was sent
  stalled,         ///< it did not take what we sent
};

class WebSocketHandler {
 public:
  /// A whole text message, valid UTF-8; the view is gone after the call.
  virtual void on_text(std::string_view message) = 0;
  virtual void on_binary(std::string_view message) = 0;
  /// The end, called once, not after `close` or `abort`. `code` is the peer's or ours, 0 when there was none.
  virtual void on_end(WebSocketEnd how, std::uint16_t code, std::string_view reason) = 0;
  virtual void on_drained() {}

 protected:
  ~WebSocketHandler() = default;
};

class WebSocket final : public Pooled<WebSocket>, private net::StreamHandler {
 public:
  /// `agreed` is what the 101 answer says; its `Deflate` must outlive the open WebSocket.
  WebSocket(net::StreamPtr stream, wire::websocket::DecoderLimits limits, WebSocketHandler& handler,
            const AgreedDeflate& agreed = {});
  WebSocket(const WebSocket&) = delete;
  WebSocket& operator=(const WebSocket&) = delete;
  ~WebSocket();

  /// Who hears of it from now on, also for the rest of the bytes at hand.
  void handle_with(WebSocketHandler& handler) noexcept { handler_ = &handler; }
  /// Reads `leftover` (what came behind the handshake), then the stream.
  void start(std::string leftover);
  /// Queues one preformatted frame (or several) for the end of the turn. Give plain ones: a frame that is
  /// sent to many in one turn is compressed once.
  void send(const SharedBytes& frames) {
    stream_->send(deflate_ == nullptr ? frames : deflate_->frame_for(window_bits_, frames));
  }
  /// Sends a close frame and ends the connection after a moment for the peer's own. The handler hears nothing
  /// more.
  void close(wire::websocket::CloseCode code, std::string_view reason = {});
  /// Cuts the connection.
  void abort();
  [[nodiscard]] bool open() const noexcept { return open_; }
  [[nodiscard]] net::Stream& stream() noexcept { return *stream_; }
  /// Where frames may be sent past this object, kNone when it has to see them in order to compress.
  [[nodiscard]] net::Outlets::Index outlet() const noexcept {
    return deflate_ == nullptr ? stream_->outlet() : net::Outlets::kNone;
  }

 private:
  void on_data(char* data, std::size_t size) override;
  void on_end(net::StreamEnd reason) override;
  void on_drained() override { handler_->on_drained(); }
  void finish(WebSocketEnd how, std::uint16_t code, std::string_view reason);

  net::StreamPtr stream_;
  WebSocketHandler* handler_;
  wire::websocket::Decoder decoder_;
  Deflate* deflate_;  // null: messages are not compressed
  std::uint8_t window_bits_;
  bool open_ = true;
};

/// Why this request is no acceptable opening handshake (RFC 6455, 4.2.1): method, Upgrade, Connection, key or
/// version.
[[nodiscard]] std::optional<std::string> upgrade_problem(const wire::http::Request& request);
/// Tells whoever asked for another version which one is spoken here (RFC 6455, 4.4).
void name_version(const wire::http::Request& request, wire::http::Headers& headers);
/// The 101 answer; the first offered sub-protocol is echoed.
[[nodiscard]] std::string upgrade_response(const wire::http::Request& request,
                                           const AgreedDeflate& agreed = {});

}  // namespace togglecast::web
