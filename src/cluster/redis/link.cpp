#include "cluster/redis/link.hpp"

#include <algorithm>
#include <utility>

namespace togglecast::cluster::redis {

Milliseconds pause_before(std::uint32_t failures, const ClientOptions& options, RandomSource& random) {
  const std::uint32_t doublings = std::min<std::uint32_t>(failures, 16);
  const Milliseconds longest =
      std::min(options.longest_pause, options.first_pause * (std::int64_t{1} << doublings));
  return Milliseconds{static_cast<std::int64_t>(
      random_below(random, static_cast<std::uint64_t>(std::max<std::int64_t>(longest.count(), 0)) + 1))};
}

Link::Link(boost::asio::io_context& loop, const ClientOptions& options, std::shared_ptr<TlsClientContext> tls,
           Handlers handlers)
    : loop_(loop),
      options_(options),
      tls_(std::move(tls)),
      handlers_(std::move(handlers)),
      finder_(loop, options, tls_),
      pause_(loop) {}

void Link::dial() {
  if (stopped_) return;
  if (options_.address.service.empty()) return open(options_.address.endpoints.front());
  finder_.find([this](const Result<Endpoint>& primary) {
    if (!primary) return on_lost(primary.error().message);
    open(*primary);
  });
}

void Link::open(const Endpoint& endpoint) {
  Session::Handlers handlers;
  handlers.ready = [this] { on_ready(); };
  handlers.lost = [this](const std::string& problem) { on_lost(problem); };
  handlers.message = handlers_.message;
  session_ = Session::open(loop_, endpoint, options_, tls_,
                           {.username = options_.address.username,
                            .password = options_.address.password,
                            .name = options_.name,
                            .database = options_.address.database,
                            .primary = !options_.address.service.empty()},
                           std::move(handlers));
}

void Link::on_ready() {
  ready_ = true;
  ready_since_ = std::chrono::steady_clock::now();
  handlers_.ready();
}

void Link::on_lost(const std::string& problem) {
  if (stopped_) return;
  // A server that takes connections and drops them is no better than one that takes none.
  if (ready_ && std::chrono::steady_clock::now() - ready_since_ > options_.longest_pause) failures_ = 0;
  ready_ = false;
  session_ = nullptr;
  pause_.expires_after(pause_before(failures_++, options_, random_));
  pause_.async_wait([this](const boost::system::error_code& error) {
    if (!error) dial();
  });
  handlers_.lost(problem);
}

void Link::renew(const std::string& problem) {
  if (stopped_ || session_ == nullptr) return;
  session_->close(problem);
  on_lost(problem);
}

void Link::stop(const std::string& problem) {
  stopped_ = true;
  ready_ = false;
  pause_.cancel();
  finder_.cancel();
  if (session_ != nullptr) session_->close(problem);
  session_ = nullptr;
}

}  // namespace togglecast::cluster::redis
