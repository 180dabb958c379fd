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
constexpr unsigned kTooLarge = 413;
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
  if (status == kTooLarge) session_.server_.count(session_.shard(), Limit::max_payload);
  if (status == 0) session_.end(CloseReason::transport_error);
}

void PollingTransport::post(web::ExchangePtr exchange) {
  --posts_;
  if (conflicting_posts_) {
    refuse(*exchange);
    session_.end(CloseReason::transport_error);
    return;
  }
  if (wire::http::Headers::same_name(exchange->request().headers.value("Content-Type"),
                                     "application/octet-stream")) {
    refuse(*exchange);
    session_.end(CloseReason::transport_error);
    return;
  }
  read_payload(exchange);
}

void PollingTransport::read_payload(const web::ExchangePtr& exchange) {
  const std::string_view body = exchange->request().body;
  wire::engineio::PayloadReader reader(body);
  std::string_view packet;
  std::size_t count = 0;
  while (session_.open() && reader.next(packet)) {
    if (++count > session_.server_.options().packets_per_payload) {
      session_.server_.count(session_.shard(), Limit::packets_per_payload);
      answer_post(*exchange, 400, "too many packets in one body");
      session_.end(CloseReason::parse_error);
      return;
    }
    if (is_valid_utf8(packet)) {
      session_.on_packet_text(packet);
    } else {
      session_.on_packet_text(replace_invalid_utf8(packet));
    }
  }
  if (session_.state_ == Session::State::closing_by_client) {
    close_post_ = exchange;
  } else {
    answer_post(*exchange, 200, "ok");
  }
}

void PollingTransport::send(const SharedBytes& frame) {
  if (overflowed_) return;
  if (!queue_.empty() && queued_bytes_ + weight(frame) > session_.server_.options().polling_backlog) {
    session_.server_.count(session_.shard(), Limit::polling_backlog);
    overflowed_ = true;  // not ended here: the caller may be walking over all sessions
    session_.shard().at_turn_end([this] { session_.end(CloseReason::transport_error); });
    return;
  }
  queued_bytes_ += weight(frame);
  queue_.push_back(frame);
  if (waiting_ != nullptr) schedule_flush();
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
  answer(*exchange, take_payload(kMostPacketsPerPoll));
}

void PollingTransport::close() {
  close_due_ = true;
  flush();
  if (waiting_ != nullptr) session_.end(CloseReason::forced_close);
}

std::string PollingTransport::take_payload(std::size_t most) {
  const auto count = static_cast<std::ptrdiff_t>(std::min(most, queue_.size()));
  const auto taken_end = queue_.begin() + count;
  std::size_t size = 0;
  for (auto frame = queue_.begin(); frame != taken_end; ++frame) size += 1 + polling_size(*frame);
  std::string payload;
  payload.reserve(size);
  for (auto frame = queue_.begin(); frame != taken_end; ++frame) {
    if (frame != queue_.begin()) payload += wire::engineio::kSeparator;
    append_to_payload(payload, *frame);
    queued_bytes_ -= weight(*frame);
  }
  queue_.erase(queue_.begin(), taken_end);
  if (queue_.empty()) queue_.shrink_to_fit();
  return payload;
}

void PollingTransport::release_poll() {
  if (waiting_ == nullptr) return;
  send(text_packet("6"));
}

void PollingTransport::end(std::string_view packet) {
  if (waiting_ != nullptr) {
    queue_.push_back(text_packet(packet));
    answer(*std::exchange(waiting_, nullptr), take_payload(queue_.size()));
  }
  queue_ = {};
  queued_bytes_ = 0;
  if (const auto post = std::exchange(close_post_, nullptr)) answer_post(*post, 200, "ok");
}

void PollingTransport::hand_over(web::WebSocket& socket) {
  for (const auto& frame : queue_) socket.send(frame);
  queue_ = {};
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
