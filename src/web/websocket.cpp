#include "web/websocket.hpp"

#include <utility>
#include <vector>

#include "wire/websocket/deflate_offer.hpp"
#include "wire/websocket/handshake.hpp"

namespace togglecast::web {

namespace ws = wire::websocket;

namespace {

constexpr const char* kVersion = "Sec-WebSocket-Version";

// More than that behind a message that is being compressed is not waited for.
constexpr std::size_t kMostBehind = 64 * 1'024;

bool is_spoken(std::string_view version) { return version == "13" || version == "8"; }

}  // namespace

struct WebSocket::Compressing final : DeflateWaiter {
  Compressing(WebSocket& socket, const SharedBytes& frame) : owner(socket), large(frame) {
    owner.deflate_->compress_later(owner.window_bits_, large, *this);
  }
  ~Compressing() override { owner.deflate_->forget(*this); }
  void deflated(const SharedBytes& sent) override { owner.on_deflated(sent); }

  WebSocket& owner;
  SharedBytes large;
  std::vector<SharedBytes> behind{};
  std::size_t bytes_behind = 0;
};

WebSocket::WebSocket(net::StreamPtr stream, ws::DecoderLimits limits, WebSocketHandler& handler,
                     const AgreedDeflate& agreed)
    : stream_(std::move(stream)),
      handler_(&handler),
      decoder_(limits),
      deflate_(agreed.deflate),
      window_bits_(agreed.window_bits) {
  stream_->handle_with(this);
}

WebSocket::~WebSocket() {
  compressing_.reset();
  stream_->handle_with(nullptr);
  if (open_) stream_->abort();
}

void WebSocket::send_compressed(const SharedBytes& frames) {
  if (compressing_ != nullptr) {
    compressing_->behind.push_back(frames);
    compressing_->bytes_behind += frames.size();
    if (compressing_->bytes_behind > kMostBehind) send_plain();
  } else if (const SharedBytes* sent = deflate_->frame_for(window_bits_, frames)) {
    stream_->send(*sent);
  } else {
    compressing_ = std::make_unique<Compressing>(*this, frames);
  }
}

void WebSocket::send_plain() {
  const auto waited = std::exchange(compressing_, nullptr);
  stream_->send(waited->large);
  for (const SharedBytes& frames : waited->behind) stream_->send(frames);
}

void WebSocket::on_deflated(const SharedBytes& sent) {
  {
    const auto waited = std::exchange(compressing_, nullptr);
    stream_->send(sent);
    for (const SharedBytes& frames : waited->behind) send_compressed(frames);
  }
  stream_->flush();
  if (open_ && backlog_bytes() == 0) handler_->on_drained();  // it may have waited for this
}

std::size_t WebSocket::backlog_bytes() const noexcept {
  const std::size_t waits =
      compressing_ == nullptr ? 0 : compressing_->large.size() + compressing_->bytes_behind;
  return stream_->backlog_bytes() + waits;
}

void WebSocket::start(std::string leftover) {
  if (!leftover.empty()) decode(leftover.data(), leftover.size());
  if (open_ && held_ == nullptr) stream_->start_reading();
}

void WebSocket::on_data(char* data, std::size_t size) { decode(data, size); }

void WebSocket::on_drained() {
  if (const auto rest = std::exchange(held_, nullptr)) {
    decode(rest->data(), rest->size());
    if (open_ && held_ == nullptr) stream_->start_reading();
  }
  if (open_) handler_->on_drained();
}

void WebSocket::decode(char* data, std::size_t size) {
  ws::Inflater* const inflater = deflate_ == nullptr ? nullptr : &deflate_->inflater();
  while (open_) {
    if (size != 0 && stream_->congested()) {
      held_ = std::make_unique<std::string>(data, size);
      stream_->pause_reading();
      return;
    }
    const ws::Event event = decoder_.next(data, size, inflater);
    switch (event.kind) {
      case ws::Event::Kind::need_more:
        return;
      case ws::Event::Kind::text:
        handler_->on_text(event.payload);
        break;
      case ws::Event::Kind::binary:
        handler_->on_binary(event.payload);
        break;
      case ws::Event::Kind::ping:
        stream_->send(ws::encode(ws::Opcode::pong, event.payload));
        break;
      case ws::Event::Kind::pong:
        break;
      case ws::Event::Kind::close:
        stream_->send(ws::encode_close(static_cast<ws::CloseCode>(event.code), {}));
        finish(WebSocketEnd::closed_by_peer, event.code, event.payload);
        return;
      case ws::Event::Kind::error: {
        const std::string_view better = handler_->reason_for(event.code);
        const std::string_view reason = better.empty() ? event.payload : better;
        stream_->send(ws::encode_close(static_cast<ws::CloseCode>(event.code), reason));
        finish(WebSocketEnd::failed, event.code, reason);
        return;
      }
    }
  }
}

void WebSocket::on_end(net::StreamEnd reason) {
  const bool stalled = reason == net::StreamEnd::write_stalled || reason == net::StreamEnd::overflow;
  finish(stalled ? WebSocketEnd::stalled : WebSocketEnd::dropped, 0, {});
}

bool WebSocket::on_shed() {
  if (!open_) return false;
  close_without_backlog(ws::CloseCode::try_again_later);
  handler_->on_end(WebSocketEnd::stalled, static_cast<std::uint16_t>(ws::CloseCode::try_again_later), {});
  return true;
}

void WebSocket::finish(WebSocketEnd how, std::uint16_t code, std::string_view reason) {
  if (!open_) return;
  open_ = false;
  compressing_.reset();
  stream_->close_gracefully();
  handler_->on_end(how, code, reason);
}

void WebSocket::close(ws::CloseCode code, std::string_view reason) {
  if (!open_) return;
  open_ = false;
  if (compressing_ != nullptr) send_plain();
  stream_->send(ws::encode_close(code, reason));
  stream_->close_gracefully();
}

void WebSocket::close_without_backlog(ws::CloseCode code) {
  compressing_.reset();
  if (stream_->discard_backlog()) {
    close(code);
  } else {
    abort();
  }
}

void WebSocket::abort() {
  if (!open_) return;
  open_ = false;
  compressing_.reset();
  stream_->abort();
}

std::optional<std::string> upgrade_problem(const wire::http::Request& request) {
  if (request.method != wire::http::Method::get) return "WebSocket handshake must use GET";
  if (!request.upgrade || !request.headers.lists("Upgrade", "websocket"))
    return "Upgrade header must be websocket";
  if (!ws::is_valid_key(request.headers.value("Sec-WebSocket-Key"))) {
    return "Missing or invalid Sec-WebSocket-Key header";
  }
  if (!is_spoken(request.headers.value(kVersion))) return "Missing or invalid Sec-WebSocket-Version header";
  return std::nullopt;
}

void name_version(const wire::http::Request& request, wire::http::Headers& headers) {
  if (!is_spoken(request.headers.value(kVersion))) headers.add(kVersion, "13");
}

std::string upgrade_response(const wire::http::Request& request, const AgreedDeflate& agreed) {
  std::string head =
      "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: "
      "Upgrade\r\nSec-WebSocket-Accept: ";
  head += ws::accept_key(request.headers.value("Sec-WebSocket-Key"));
  head += "\r\n";
  std::string_view protocol = request.headers.value("Sec-WebSocket-Protocol");
  protocol = protocol.substr(0, protocol.find(','));
  while (!protocol.empty() && protocol.front() == ' ') protocol.remove_prefix(1);
  while (!protocol.empty() && protocol.back() == ' ') protocol.remove_suffix(1);
  if (!protocol.empty()) head.append("Sec-WebSocket-Protocol: ").append(protocol).append("\r\n");
  if (agreed.deflate != nullptr) {
    head.append("Sec-WebSocket-Extensions: ")
        .append(ws::deflate_answer({agreed.window_bits, agreed.limited}))
        .append("\r\n");
  }
  head += "\r\n";
  return head;
}

}  // namespace togglecast::web
