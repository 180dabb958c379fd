// Long polling: GET requests fetch queued packets, POST requests bring packets. While more than a little
// waits for a poll, the packets of a POST wait too, and so does its answer: a client that only posts gets no
// further than one that does not read. Thread rule: the session's shard. The session owns it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/clock.hpp"
#include "base/shared_bytes.hpp"
#include "net/output_queues.hpp"
#include "net/shard.hpp"
#include "net/stream.hpp"
#include "web/exchange.hpp"
#include "web/websocket.hpp"
#include "wire/engineio/packet.hpp"

namespace togglecast::engineio {

class Session;

class PollingTransport final : public net::Retirable, private net::OutputQueue {
 public:
  explicit PollingTransport(Session& session) : session_(session) {}
  ~PollingTransport() override {
    if (!queue_.empty()) discard();
  }

  /// A GET. It is answered with queued packets, at once or when there are some. A second GET while one waits
  /// is refused and ends the session.
  void poll(web::ExchangePtr exchange);
  /// The headers of a POST have arrived; its body may take a while.
  void post_began();
  /// The body of that POST will not arrive. `status` is 0 when its connection ended, or the status of its
  /// refusal.
  void post_aborted(unsigned status);
  /// A POST with its whole body. A second POST while one is being read is refused and ends the session.
  void post(web::ExchangePtr exchange);

  /// Queues a packet for the waiting poll or the next one.
  void send(const SharedBytes& frame);
  /// The packet that was sent last is a ping.
  void note_ping() noexcept { until_ping_ = queue_.size(); }
  /// No poll has taken the last ping yet.
  [[nodiscard]] bool ping_waits() const noexcept { return until_ping_ != 0; }
  /// Reads on in a POST that waits, if it may.
  void go_on_reading();
  /// Whether a poll waits and nothing is queued.
  [[nodiscard]] bool writable() const noexcept { return waiting_ != nullptr && queue_.empty(); }
  /// The queued bytes and those of an answer that the kernel has not taken.
  [[nodiscard]] std::size_t backlog_bytes() const noexcept;
  /// How long the client has taken nothing of them.
  [[nodiscard]] Milliseconds stalled() const noexcept;
  /// See `Session::unread`.
  [[nodiscard]] const net::Unread& unread() const noexcept { return unread_; }
  /// Whether the answer to a poll is under way.
  [[nodiscard]] bool answering() const noexcept;
  /// Forgets the queued packets.
  void discard();
  /// Notes what waits for `unread`, before it is dropped.
  void give_up();
  /// Ends the session after the queued packets have been polled. The close packet gets an answer of its own,
  /// because stock clients handle it before the messages of the same payload.
  void close();
  /// The close that follows sends the client away. It gets 503 in the place of the close packet, and so does
  /// a POST whose packets are no longer read: the client knows that they were lost.
  void expect_departure() noexcept { departs_ = true; }
  /// Answers a waiting poll with a noop packet, so that the client can stop polling.
  void release_poll();
  [[nodiscard]] bool poll_waits() const noexcept { return waiting_ != nullptr; }
  /// The session has ended. Answers a waiting poll with the queued packets and `packet`, then the POST that
  /// brought the client's close packet.
  void end(std::string_view packet);
  /// Sends the queued packets through `socket`, in order. A waiting poll gets a noop packet.
  void hand_over(web::WebSocket& socket);

 private:
  void shed() override;
  void queue(const SharedBytes& frame);
  /// Tells the shard how much waits.
  void note_queued();
  /// Counts a frame of this weight, unless it is too much.
  [[nodiscard]] bool take(std::size_t weight);
  void schedule_flush();
  void flush();
  [[nodiscard]] std::string take_payload(std::size_t most);
  [[nodiscard]] bool must_poll_first();
  void answer(web::Exchange& exchange, std::string body) const;
  void answer_post(web::Exchange& exchange, unsigned status, std::string body) const;
  void refuse(web::Exchange& exchange) const;
  /// Answers a POST that was read as far as the session wants it. `unread`: some of its packets were not.
  void finish_post(web::Exchange& exchange, bool unread) const;

  Session& session_;
  web::ExchangePtr waiting_;
  // A POST whose packets are being read, or wait.
  struct Post {
    explicit Post(web::ExchangePtr request)
        : exchange(std::move(request)), reader(exchange->request().body) {}
    web::ExchangePtr exchange;
    wire::engineio::PayloadReader reader;
    std::size_t packets = 0;
  };
  std::unique_ptr<Post> post_;
  web::ExchangePtr close_post_;  // the POST with the client's close packet, until the session ends
  std::vector<net::QueuedBlock> queue_;
  std::size_t queued_bytes_ = 0;
  std::size_t until_ping_ = 0;  // packets at the front of the queue, up to the last ping
  std::size_t shares_ = 0;      // of the queued frames, see QueuedBlock::share
  net::StreamPtr answer_;       // the connection that carries the last answer, until the next poll
  TimePoint progress_{};        // when a poll was last answered, or the queue began
  // Since the last answer: the weight of all frames, of the present turn, of the largest turn.
  std::size_t piled_ = 0, unit_ = 0, largest_ = 0;
  std::uint64_t turn_ = 0;
  int posts_ = 0;
  bool conflicting_posts_ = false;
  bool reading_ = false;  // `go_on_reading` is under way
  bool flush_scheduled_ = false;
  bool close_due_ = false;
  bool departs_ = false;
  net::Unread unread_;
  bool overflowed_ = false;  // the session ends at the end of this turn
};

}  // namespace togglecast::engineio
