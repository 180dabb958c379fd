#include "web/deflate.hpp"

#include "wire/websocket/deflate_offer.hpp"

namespace togglecast::web {
namespace {

namespace ws = wire::websocket;

constexpr std::size_t kRemembered = 1024;  // frames a turn and window: more than one batch has

}  // namespace

const SharedBytes& Deflate::frame_for(unsigned window_bits, const SharedBytes& frames) {
  if (frames.size() < options_.threshold) return frames;
  Window& window = windows_[window_bits - kLeastWindow];
  if (const SharedBytes* known = find(window, frames)) return *known;
  SharedBytes sent = compress(window, window_bits, frames);
  if (!clearing_) {
    clearing_ = true;
    shard_.at_turn_end([this] {
      clearing_ = false;
      for (auto& each : windows_) each.made = {};
    });
  }
  if (window.made.size() == kRemembered) window.made.clear();
  window.made.push_back({frames, std::move(sent)});
  window.expected = 0;
  return window.made.back().sent;
}

const SharedBytes* Deflate::find(Window& window, const SharedBytes& frames) noexcept {
  const std::size_t count = window.made.size();
  for (std::size_t tried = 0; tried < count; ++tried) {
    const std::size_t at = (window.expected + tried) % count;
    const Made& made = window.made[at];
    if (!made.plain.same_as(frames)) continue;
    window.expected = at + 1;
    if (!made.sent.same_as(frames)) net::ShardCounters::add(counters_.reused, 1);
    return &made.sent;
  }
  return nullptr;
}

SharedBytes Deflate::compress(Window& window, unsigned bits, const SharedBytes& frames) {
  const auto frame = ws::whole_data_frame(frames.view());
  if (!frame || frame->payload.size() < options_.threshold) return frames;
  if (!window.deflater) window.deflater.emplace(static_cast<int>(bits), options_.level);
  const std::string_view payload = window.deflater->deflate(frame->payload);
  if (payload.empty()) {
    net::ShardCounters::add(counters_.declined, 1);
    return frames;
  }
  net::ShardCounters::add(counters_.compressed, 1);
  net::ShardCounters::add(counters_.bytes_before, frame->payload.size());
  net::ShardCounters::add(counters_.bytes_after, payload.size());
  return ws::encode_compressed(frame->opcode, payload);
}

AgreedDeflate agree(Deflate& deflate, const wire::http::Request& request) {
  if (!deflate.options().enabled) return {};
  for (const auto& [name, value] : request.headers.fields()) {
    if (!wire::http::Headers::same_name(name, "Sec-WebSocket-Extensions")) continue;
    if (const auto agreed = ws::accept_deflate_offer(value))
      return {&deflate, agreed->window_bits, agreed->limited};
  }
  return {};
}

}  // namespace togglecast::web
