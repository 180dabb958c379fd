#include "engineio/polling_transport.hpp"

#include <algorithm>
#include <cstddef>
#include <string>
#include <utility>

#include "base/utf8.hpp"
#include "engineio/frame.hpp"
#include "engineio/server.hpp"
#include "engineio/session.hpp"
#include "wire/engineio/packet.hpp"

namespace togglecast::engineio {
namespace {

// python-engineio refuses answers of more than 16 packets. The rest waits for the next poll.
constexpr std::size_t kMostPacketsPerPoll = 16;
constexpr unsigned kBodyTooLarge = 413;
constexpr std::size_t kFrameCost = 64;  // rough memory of a queued frame besides its bytes

std::size_t weight(const SharedBytes& frame) { return frame.size() + kFrameCost; }

}  // namespace

void PollingTransport::poll(web::ExchangePtr exchange) {
  if (waiting_ != nullptr) {
    refuse(*exchange);
    session_.end(CloseReason::transport_error);
    return;
  }
  waiting_ = std::move(exchange);
  answer_.reset();
  if (session_.state_ == Session::State::closing_by_client) {
    session_.end(CloseReason::transport_close);
    return;
  }
  waiting_->on_abort([this] {
    waiting_.reset();
    session_.end(CloseReason::transport_error);
  });
  if (!queue_.empty()) {
    flush();
  } else if (close_due_) {
    session_.end(CloseReason::forced_close);
  }
  if (waiting_ != nullptr && session_.open()) session_.on_drained();
}

void PollingTransport::post_began() {
  if (++posts_ > 1) conflicting_posts_ = true;
}

void PollingTransport::post_aborted(unsigned status) {
  --posts_;
  if (status == kBodyTooLarge) session_.server_.count(session_.shard(), session_.passed_payload_limit());
  if (status == 0) session_.end(CloseReason::transport_error);
  if (status == kBodyTooLarge && !session_.trusted_) session_.end(CloseReason::parse_error);
}

// `posts_` counts until its packets have been read.
void PollingTransport::post(web::ExchangePtr exchange) {
  if (conflicting_posts_ || post_ != nullptr) {
    --posts_;
    refuse(*exchange);
    session_.end(CloseReason::transport_error);
    return;
  }
  if (wire::http::Headers::same_name(exchange->request().headers.value("Content-Type"),
                                     "application/octet-stream")) {
    --posts_;
    refuse(*exchange);
    session_.end(CloseReason::transport_error);
    return;
  }
  post_ = std::make_unique<Post>(std::move(exchange));
  go_on_reading();
  if (post_ == nullptr) return;
  post_->exchange->on_abort([this] {
    post_.reset();
    session_.end(CloseReason::transport_error);
  });
}

// More waits for the client than it may leave unread. Never while the session upgrades: then the client polls
// no more, and waits for the answer to its POST.
bool PollingTransport::must_poll_first() {
  const std::size_t most = session_.server_.options().stream.unread_bytes;
  if (queued_bytes_ <= most || session_.probe_ != nullptr) return false;
  flush();
  return queued_bytes_ > most;
}

void PollingTransport::go_on_reading() {
  if (post_ == nullptr || std::exchange(reading_, true)) return;
  const auto done_reading = [this] {
    reading_ = false;
    --posts_;
    return std::exchange(post_, nullptr)->exchange;
  };
  std::string_view packet;
  while (session_.open() && post_->reader.more()) {
    if (must_poll_first()) {
      reading_ = false;
      return;
    }
    if (!session_.open() || !post_->reader.next(packet)) break;
    if (++post_->packets > session_.server_.options().packets_per_payload) {
      session_.server_.count(session_.shard(), Limit::packets_per_payload);
      answer_post(*done_reading(), 400, "too many packets in one body");
      session_.end(CloseReason::parse_error);
      return;
    }
    if (is_valid_utf8(packet)) {
      session_.on_packet_text(packet);
    } else {
      session_.on_packet_text(replace_invalid_utf8(packet));
    }
  }
  const bool unread = post_->reader.more();
  const auto exchange = done_reading();
  if (session_.state_ == Session::State::closing_by_client) {
    close_post_ = exchange;
  } else {
    finish_post(*exchange, unread);
  }
}

void PollingTransport::finish_post(web::Exchange& exchange, bool unread) const {
  if (unread && departs_) {
    session_.server_.turn_away(exchange);
  } else {
    answer_post(exchange, 200, "ok");
  }
}

std::size_t PollingTransport::backlog_bytes() const noexcept {
  return queued_bytes_ + (answer_ == nullptr ? 0 : answer_->backlog_bytes());
}

bool PollingTransport::answering() const noexcept {
  return answer_ != nullptr && answer_->backlog_bytes() != 0;
}

Milliseconds PollingTransport::stalled() const noexcept {
  if (answering()) return answer_->stalled();
  if (waiting_ != nullptr || queue_.empty()) return Milliseconds{0};
  return std::chrono::duration_cast<Milliseconds>(session_.shard().now() - progress_);
}

void PollingTransport::give_up() { unread_ = {backlog_bytes(), stalled()}; }

void PollingTransport::discard() {
  queue_ = std::vector<net::QueuedBlock>();
  queued_bytes_ = shares_ = piled_ = unit_ = largest_ = until_ping_ = 0;
  note_queued();
}

void PollingTransport::note_queued() {
  session_.shard().output_queues().set(*this, queue_.size() * kFrameCost, shares_);
}

void PollingTransport::shed() { session_.close_without_backlog(wire::websocket::CloseCode::try_again_later); }

// As `Stream::Backlog::take`; polls make room in the place of the kernel.
bool PollingTransport::take(std::size_t weight) {
  const auto& options = session_.server_.options();
  const std::uint64_t turn = session_.shard().counters().turns.load(std::memory_order_relaxed);
  if (answering() || queue_.empty()) progress_ = session_.shard().now();
  if (turn != turn_) unit_ = 0;
  const bool alone = piled_ == unit_;
  const std::size_t largest = std::max(largest_, unit_ + weight);
  const std::size_t limit =
      stalled() < options.poll_overdue ? options.polling_backlog : options.unpolled_backlog;
  if (!alone && piled_ + weight - largest > limit) return false;
  turn_ = turn;
  unit_ += weight;
  largest_ = largest;
  piled_ += weight;
  return true;
}

void PollingTransport::send(const SharedBytes& frame) {
  if (overflowed_) return;
  if (!take(weight(frame))) {
    session_.server_.count(session_.shard(), Limit::polling_backlog);
    give_up();
    overflowed_ = true;  // not ended here: the caller may be walking over all sessions
    session_.shard().at_turn_end([this] { session_.end(CloseReason::transport_error); });
    return;
  }
  queue(frame);
  if (waiting_ != nullptr) {
    schedule_flush();
  } else {
    note_queued();
  }
}

void PollingTransport::queue(const SharedBytes& frame) {
  queue_.emplace_back(session_.shard().output_queues(), frame);
  queued_bytes_ += weight(frame);
  shares_ += queue_.back().share();
}

void PollingTransport::schedule_flush() {
  if (flush_scheduled_) return;
  flush_scheduled_ = true;
  session_.shard().at_turn_end([this] {
    flush_scheduled_ = false;
    flush();
  });
}

void PollingTransport::flush() {
  if (waiting_ == nullptr || queue_.empty()) return;
  const auto exchange = std::exchange(waiting_, nullptr);
  answer_ = exchange->stream();
  answer(*exchange, take_payload(kMostPacketsPerPoll));
  progress_ = session_.shard().now();
  piled_ = unit_ = largest_ = 0;
  go_on_reading();
}

void PollingTransport::close() {
  close_due_ = true;
  flush();
  go_on_reading();  // a POST that waits is answered, unread
  if (waiting_ != nullptr) session_.end(CloseReason::forced_close);
}

std::string PollingTransport::take_payload(std::size_t most) {
  const auto count = static_cast<std::ptrdiff_t>(std::min(most, queue_.size()));
  const auto taken_end = queue_.begin() + count;
  std::size_t size = 0;
  for (auto frame = queue_.begin(); frame != taken_end; ++frame) size += 1 + polling_size(**frame);
  std::string payload;
  payload.reserve(size);
  for (auto frame = queue_.begin(); frame != taken_end; ++frame) {
    if (frame != queue_.begin()) payload += wire::engineio::kSeparator;
    append_to_payload(payload, **frame);
    queued_bytes_ -= weight(**frame);
    shares_ -= frame->share();
  }
  queue_.erase(queue_.begin(), taken_end);
  until_ping_ -= std::min(until_ping_, static_cast<std::size_t>(count));
  if (queue_.empty()) queue_.shrink_to_fit();
  note_queued();
  return payload;
}

void PollingTransport::release_poll() {
  if (waiting_ == nullptr) return;
  session_.trace_out("6");
  send(text_packet("6"));
}

void PollingTransport::end(std::string_view packet) {
  if (waiting_ != nullptr && departs_ && queue_.empty())
    session_.server_.turn_away(*std::exchange(waiting_, nullptr));
  if (waiting_ != nullptr) {
    session_.trace_out(packet);
    queue(text_packet(packet));
    answer(*std::exchange(waiting_, nullptr), take_payload(queue_.size()));
  }
  discard();
  answer_.reset();
  if (post_ != nullptr && !reading_) refuse(*std::exchange(post_, nullptr)->exchange);
  if (const auto post = std::exchange(close_post_, nullptr)) answer_post(*post, 200, "ok");
}

void PollingTransport::hand_over(web::WebSocket& socket) {
  for (const auto& frame : queue_) socket.send(*frame);
  discard();
  end("6");
}

void PollingTransport::answer(web::Exchange& exchange, std::string body) const {
  wire::http::Response response;
  response.headers.add("Content-Type", "text/plain; charset=UTF-8");
  response.headers.add("cache-control", "no-store");
  response.body = std::move(body);
  session_.server_.decorate(exchange, response);
  exchange.respond(std::move(response));
}

void PollingTransport::answer_post(web::Exchange& exchange, unsigned status, std::string body) const {
  wire::http::Response response;
  response.status = status;
  response.headers.add("Content-Type",
                       "text/html");  // "ok" would be offered as a download in old browsers otherwise
  response.headers.add("cache-control", "no-store");
  response.body = std::move(body);
  session_.server_.decorate(exchange, response);
  exchange.respond(std::move(response));
}

void PollingTransport::refuse(web::Exchange& exchange) const { answer_post(exchange, 400, {}); }

}  // namespace togglecast::engineio
