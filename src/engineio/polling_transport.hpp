// Long polling: what waits for the next poll, and what POST bodies bring.
// Thread rule: the session's shard.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "base/shared_bytes.hpp"
#include "net/shard.hpp"
#include "web/exchange.hpp"
#include "web/websocket.hpp"

namespace togglecast::engineio {

class Session;

class PollingTransport final : public net::Retirable {
 public:
  explicit PollingTransport(Session& session) : session_(session) {}
  ~PollingTransport() override = default;

  /// A GET: answered with all that is queued, at once or when there is something.
  void poll(web::ExchangePtr exchange);
  /// The headers of a POST have come; its body may take a while.
  void post_began();
  /// That POST will not come: `status` 0 when its connection ended, else the refusal it got.
  void post_aborted(unsigned status);
  /// A POST with its whole body.
  void post(web::ExchangePtr exchange);

  void send(const SharedBytes& frame);
  /// A poll waits and nothing is queued yet.
  [[nodiscard]] bool writable() const noexcept { return waiting_ != nullptr && queue_.empty(); }
  [[nodiscard]] std::size_t queued_bytes() const noexcept { return queued_bytes_; }
  /// Ends the session once what is queued has been polled: the close packet goes alone, since stock clients
  /// handle it before the messages of the same payload.
  void close();
  /// A waiting poll gets the noop packet, so that the client can stop polling.
  void release_poll();
  [[nodiscard]] bool poll_waits() const noexcept { return waiting_ != nullptr; }
  /// The session ended: a waiting poll is answered with what is queued and `packet`.
  void end(std::string_view packet);
  /// Everything queued goes to `socket`, in order; a waiting poll gets the noop packet.
  void hand_over(web::WebSocket& socket);

 private:
  void schedule_flush();
  void flush();
  [[nodiscard]] std::string take_payload(std::size_t most);
  void read_payload(const web::ExchangePtr& exchange);
  void answer(web::Exchange& exchange, std::string body) const;
  void answer_post(web::Exchange& exchange, unsigned status, std::string body) const;
  void refuse(web::Exchange& exchange) const;

  Session& session_;
  web::ExchangePtr waiting_;
  web::ExchangePtr closing_post_;  // brought the client's close packet; answered when the session is gone
  std::vector<SharedBytes> queue_;
  std::size_t queued_bytes_ = 0;
  int posts_ = 0;
  bool conflicting_posts_ = false;
  bool flush_scheduled_ = false;
  bool close_due_ = false;
  bool overflowed_ = false;  // the session ends with this turn
};

}  // namespace togglecast::engineio
