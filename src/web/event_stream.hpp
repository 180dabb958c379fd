// An answer that goes on: server-sent events on the connection of a request, until one side ends it. The body
// has no length and no chunks, so equal events are equal bytes for every receiver.
//
//   EventStream stream(begin_event_stream(*exchange, headers), handler);
//   stream.start();
//   stream.send(event);
//
// What the peer sends is dropped. A peer that takes nothing has a backlog; the owner sends no more until
// `on_stream_drained`, and the stream ends after the time of its limits. Thread rule: the stream's shard.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <utility>

#include "base/shared_bytes.hpp"
#include "net/stream.hpp"
#include "net/timer_wheel.hpp"
#include "web/exchange.hpp"
#include "web/own_responses.hpp"
#include "wire/http/message.hpp"
#include "wire/sse/event.hpp"

namespace togglecast::web {

/// Answers 200 with these headers and those of an event stream. Null if the client has gone.
[[nodiscard]] inline net::StreamPtr begin_event_stream(Exchange& exchange, wire::http::Headers headers) {
  headers.add("Content-Type", "text/event-stream");
  headers.set("Cache-Control", "no-store");
  headers.add("X-Accel-Buffering", "no");  // nginx passes events on as they come
  headers.add("X-Request-Id", exchange.id());
  headers.add("Date", date_now());
  headers.add("Connection", "close");
  // Not `wire::http::serialize`, whose answers have a length.
  std::string head = "HTTP/1.1 200 OK\r\n";
  head += headers.lines();
  head += "\r\n";
  return exchange.upgrade(head).stream;
}

class EventStreamHandler {
 public:
  /// The end, called once, and not after `close`. The handler may destroy the stream in a later turn.
  virtual void on_stream_end(net::StreamEnd reason) = 0;
  virtual void on_stream_drained() = 0;
  /// What `EventStream::arm` set is due.
  virtual void on_stream_timer(TimePoint now) = 0;

 protected:
  ~EventStreamHandler() = default;
};

class EventStream final : private net::StreamHandler, private net::TimerNode {
 public:
  EventStream(net::StreamPtr stream, EventStreamHandler& handler);
  EventStream(const EventStream&) = delete;
  EventStream& operator=(const EventStream&) = delete;
  ~EventStream() override;

  /// Hears of the peer's end from now on.
  void start() { stream_->start_reading(); }
  [[nodiscard]] net::Shard& shard() const noexcept { return stream_->shard(); }
  /// Sends encoded events at the end of this turn.
  void send(const SharedBytes& events) {
    if (open_) stream_->send(events);
  }
  void send(std::string_view events) { send(SharedBytes(events)); }
  /// What was sent leaves now, and is not joined with what comes.
  void flush() {
    if (open_) stream_->flush();
  }
  /// A comment that keeps proxies from closing the connection; nothing while bytes wait.
  void beat();
  /// Calls `on_stream_timer` after this time, and up to a tenth more; `exactly` without.
  void arm(Milliseconds delay) { shard().arm(*this, delay); }
  void arm_exactly(Milliseconds delay) { shard().arm_exactly(*this, delay); }

  /// Bytes that the network has not taken yet.
  [[nodiscard]] std::size_t backlog_bytes() const noexcept { return stream_->backlog_bytes(); }
  /// For broadcasts, see `net::Stream::outlet`.
  [[nodiscard]] net::Outlets::Index outlet() const noexcept { return stream_->outlet(); }
  [[nodiscard]] bool open() const noexcept { return open_; }
  /// Sends what is queued, then ends the connection.
  void close();

 private:
  void on_data(char*, std::size_t) override {}
  void on_end(net::StreamEnd reason) override;
  void on_drained() override { handler_.on_stream_drained(); }
  void on_timer(TimePoint now) override { handler_.on_stream_timer(now); }

  net::StreamPtr stream_;
  EventStreamHandler& handler_;
  bool open_ = true;
};

inline EventStream::EventStream(net::StreamPtr stream, EventStreamHandler& handler)
    : stream_(std::move(stream)), handler_(handler) {
  stream_->handle_with(this);
}

inline EventStream::~EventStream() {
  stream_->handle_with(nullptr);
  stream_->limit(nullptr);
  if (open_) stream_->abort();
}

inline void EventStream::beat() {
  static const SharedBytes kBeat{wire::sse::kComment};
  if (open_ && stream_->backlog_bytes() == 0) stream_->send(kBeat);
}

inline void EventStream::close() {
  if (!std::exchange(open_, false)) return;
  cancel();
  stream_->close_gracefully();
}

inline void EventStream::on_end(net::StreamEnd reason) {
  if (!open_) return;
  close();
  handler_.on_stream_end(reason);
}

}  // namespace togglecast::web
