// The server's side of a WebSocket (RFC 6455) on a stream: frames in, encoded frames out, compressed (RFC
// 7692) if the handshake agreed on it. Thread rule: all calls on the stream's shard. Ownership: the handler
// decides; the owner destroys it with `Shard::retire` or after the turn.
#pragma once

#include <cstdint>
#include <memory>
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
  stalled,         ///< the peer did not read
};

class WebSocketHandler {
 public:
  /// A complete text message in valid UTF-8. The view is valid during the call.
  virtual void on_text(std::string_view message) = 0;
  virtual void on_binary(std::string_view message) = 0;
  /// The end, called once, and not after `close` or `abort`. `code` is that of the peer or ours; 0: none.
  virtual void on_end(WebSocketEnd how, std::uint16_t code, std::string_view reason) = 0;
  virtual void on_drained() {}
  /// A better reason for the close frame of a failure with this code; empty: the decoder's own.
  virtual std::string_view reason_for(std::uint16_t) { return {}; }

 protected:
  ~WebSocketHandler() = default;
};

class WebSocket final : public Pooled<WebSocket>, private net::StreamHandler {
 public:
  /// `agreed` must be the agreement of the 101 answer. Its `Deflate` must outlive the open WebSocket.
  WebSocket(net::StreamPtr stream, wire::websocket::DecoderLimits limits, WebSocketHandler& handler,
            const AgreedDeflate& agreed = {});
  WebSocket(const WebSocket&) = delete;
  WebSocket& operator=(const WebSocket&) = delete;
  ~WebSocket();

  /// Replaces the handler, also for bytes that have been read and not yet decoded.
  void handle_with(WebSocketHandler& handler) noexcept { handler_ = &handler; }
  /// Reads `leftover`, the bytes that came after the handshake, then the stream.
  void start(std::string leftover);
  /// From now on a message may have so many bytes, which must not be fewer than before.
  void allow_messages_of(std::size_t bytes) noexcept { decoder_.allow_messages_of(bytes); }
  /// Queues one or more encoded frames for the end of the turn. Pass uncompressed frames: one that goes to
  /// many sockets in a turn is compressed once.
  void send(const SharedBytes& frames) {
    if (deflate_ == nullptr) return stream_->send(frames);
    send_compressed(frames);
  }
  /// Bytes that wait: for the kernel, or for the compression of a large message.
  [[nodiscard]] std::size_t backlog_bytes() const noexcept;
  /// Sends a close frame, and ends the connection after a short wait for the peer's close frame. The handler
  /// is not called again.
  void close(wire::websocket::CloseCode code, std::string_view reason = {});
  /// Closes without what waits for a peer that does not read: its memory is free at once. The close frame
  /// follows the frame that has begun, unless most of that is still to come.
  void close_without_backlog(wire::websocket::CloseCode code);
  /// Ends the connection without a close frame.
  void abort();
  [[nodiscard]] bool open() const noexcept { return open_; }
  [[nodiscard]] net::Stream& stream() noexcept { return *stream_; }
  /// The outlet for sending frames without this object. kNone if it must see them to compress them.
  [[nodiscard]] net::Outlets::Index outlet() const noexcept {
    return deflate_ == nullptr ? stream_->outlet() : net::Outlets::kNone;
  }

 private:
  void on_data(char* data, std::size_t size) override;
  void on_end(net::StreamEnd reason) override;
  bool on_shed() override;
  void on_drained() override;
  /// Handles frames until the peer must take output first. Keeps the rest.
  void decode(char* data, std::size_t size);
  void finish(WebSocketEnd how, std::uint16_t code, std::string_view reason);
  void send_compressed(const SharedBytes& frames);
  /// Sends what waits for compression as it is.
  void send_plain();
  void on_deflated(const SharedBytes& sent);

  // A large message that is being compressed, and what was sent after it.
  struct Compressing;

  net::StreamPtr stream_;
  WebSocketHandler* handler_;
  wire::websocket::Decoder decoder_;
  std::unique_ptr<std::string> held_;  // read, not yet decoded; null unless output waits
  std::unique_ptr<Compressing> compressing_;
  Deflate* deflate_;  // null: messages are not compressed
  std::uint8_t window_bits_;
  bool open_ = true;
};

/// The reason to refuse an opening handshake (RFC 6455, 4.2.1): method, Upgrade, Connection, key or version.
/// Nothing if the handshake is acceptable.
[[nodiscard]] std::optional<std::string> upgrade_problem(const wire::http::Request& request);
/// If the request asks for another version, adds the header with ours (RFC 6455, 4.4).
void name_version(const wire::http::Request& request, wire::http::Headers& headers);
/// The 101 answer. It accepts the first sub-protocol offered.
[[nodiscard]] std::string upgrade_response(const wire::http::Request& request,
                                           const AgreedDeflate& agreed = {});

}  // namespace togglecast::web
