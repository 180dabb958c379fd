// Asks the Sentinels, one after the other, where the primary is. The first one that knows it is asked first
// the next time. Thread rule: the loop's thread.
#pragma once

#include <boost/asio/io_context.hpp>
#include <functional>
#include <memory>
#include <string>

#include "base/error.hpp"
#include "cluster/redis/options.hpp"
#include "cluster/redis/session.hpp"

namespace togglecast::cluster::redis {

class PrimaryFinder {
 public:
  using Found = std::function<void(Result<Endpoint> primary)>;
  /// References must outlive it.
  PrimaryFinder(boost::asio::io_context& loop, const ClientOptions& options,
                std::shared_ptr<TlsClientContext> tls)
      : loop_(loop), options_(options), tls_(std::move(tls)) {}

  /// One question at a time.
  void find(Found found);
  /// Forgets the question.
  void cancel();

 private:
  void ask();
  void next(const std::string& problem);
  void answer(Result<Endpoint> primary);

  boost::asio::io_context& loop_;
  const ClientOptions& options_;
  std::shared_ptr<TlsClientContext> tls_;
  Found found_;
  std::shared_ptr<Session> session_;
  std::size_t first_ = 0;  // that was right the last time
  std::size_t asked_ = 0;
};

/// The reply to `SENTINEL get-master-addr-by-name`.
[[nodiscard]] Result<Endpoint> read_primary(const Reply& reply);

}  // namespace togglecast::cluster::redis
