// Keeps one session with the server that the options name, or with the primary that Sentinel names: when the
// session ends, the link opens another one, after a pause of a random length that grows with each failure.
// Thread rule: the loop's thread.
#pragma once

#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <functional>
#include <memory>
#include <string>

#include "base/random.hpp"
#include "cluster/redis/options.hpp"
#include "cluster/redis/primary_finder.hpp"
#include "cluster/redis/session.hpp"

namespace togglecast::cluster::redis {

/// From nothing up to a length that doubles with each failure in a row.
[[nodiscard]] Milliseconds pause_before(std::uint32_t failures, const ClientOptions& options,
                                        RandomSource& random);

class Link {
 public:
  struct Handlers {
    std::function<void()> ready;
    std::function<void(const std::string& problem)> lost;  ///< or an attempt failed
    std::function<void(Reply& message)> message{};         ///< of a link for subscriptions; else empty
  };
  /// References must outlive it.
  Link(boost::asio::io_context& loop, const ClientOptions& options, std::shared_ptr<TlsClientContext> tls,
       Handlers handlers);

  void start() { dial(); }
  void stop(const std::string& problem);
  /// Ends the session; another one follows.
  void renew(const std::string& problem);
  /// Null unless it is ready.
  [[nodiscard]] Session* session() const noexcept { return ready_ ? session_.get() : nullptr; }

 private:
  void dial();
  void open(const Endpoint& endpoint);
  void on_ready();
  void on_lost(const std::string& problem);

  boost::asio::io_context& loop_;
  const ClientOptions& options_;
  std::shared_ptr<TlsClientContext> tls_;
  Handlers handlers_;
  PrimaryFinder finder_;
  boost::asio::steady_timer pause_;
  SystemRandom random_;
  std::shared_ptr<Session> session_;
  std::uint32_t failures_ = 0;  // in a row
  TimePoint ready_since_{};
  bool ready_ = false;
  bool stopped_ = false;
};

}  // namespace togglecast::cluster::redis
