#include "net/shard_pool.hpp"

#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <boost/asio/ip/address.hpp>
#include <cerrno>
#include <cstring>
#include <latch>
#include <optional>
#include <stdexcept>
#include <string>
#include <thread>
#include <utility>

namespace togglecast::net {
namespace {

constexpr int kAttemptsForFreePort = 8;

// Two servers that both share ports could bind the same port without an error. So first bind without sharing.
std::optional<int> exclusive_bind_error(const Listener::Endpoint& endpoint) {
  const int descriptor = ::socket(endpoint.protocol().family(), SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (descriptor < 0) return errno;
  const int on = 1;
  ::setsockopt(descriptor, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  if (endpoint.address().is_v6()) ::setsockopt(descriptor, IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof on);
  const bool bound = ::bind(descriptor, endpoint.data(), static_cast<socklen_t>(endpoint.size())) == 0;
  const int error = errno;
  ::close(descriptor);
  if (bound) return std::nullopt;
  return error;
}

bool address_is_absent(int error) { return error == EADDRNOTAVAIL || error == EAFNOSUPPORT; }

std::string describe(int error, const boost::asio::ip::address& address) {
  std::string text = std::strerror(error);
  if (error == EADDRNOTAVAIL) text += "; this machine does not have the address, see `ip address`";
  if (error == EAFNOSUPPORT && address.is_v6()) text += "; IPv6 is switched off on this machine";
  if (error == EINVAL && address.is_v6() && address.to_v6().is_link_local())
    text += "; write a link-local address with its interface, such as fe80::1%eth0";
  return text;
}

}  // namespace

ShardPool::ShardPool(std::size_t count, observe::PeerLog log, const Clock& clock) {
  if (count == 0) count = std::clamp<std::size_t>(std::thread::hardware_concurrency(), 1, kMostShards);
  if (count > kMostShards) {
    throw std::invalid_argument("a pool has at most " + std::to_string(kMostShards) + " shards, not " +
                                std::to_string(count));
  }
  for (std::size_t i = 0; i < count; ++i) {
    shards_.push_back(std::make_unique<Shard>(i, clock));
    budget_.add(*shards_.back());
    shards_.back()->on_failure([log, i](std::string_view what) {
      log.error("task failed", {{"shard", i}, {"error", what}});
    });
  }
}

ShardPool::~ShardPool() {
  stop();
  listeners_.clear();  // of a pool that never ran
  // A task of one shard may hold an object of another: destroy all tasks before the first shard.
  for (auto& shard : shards_) shard->discard_tasks();
}

Result<std::uint16_t> ShardPool::listen(const ListenOptions& options, AcceptHandler handler) {
  const auto shared = std::make_shared<const AcceptHandler>(std::move(handler));
  for (int attempt = 1;; ++attempt) {
    std::vector<std::unique_ptr<Listener>> opened;
    auto port = listen_once(options, shared, opened);
    if (!port && options.port == 0 && attempt < kAttemptsForFreePort)
      continue;  // the port was free on one address and taken on the next
    if (!port) return port;
    for (std::size_t i = 0; i < opened.size(); ++i) {
      Shard& shard = *shards_[i % shards_.size()];
      listeners_.push_back({&shard, std::move(opened[i])});
      shard.post([listener = listeners_.back().listener.get()] { listener->start(); });
    }
    return port;
  }
}

Result<std::uint16_t> ShardPool::listen_once(const ListenOptions& options,
                                             const std::shared_ptr<const AcceptHandler>& handler,
                                             std::vector<std::unique_ptr<Listener>>& opened) {
  std::uint16_t port = options.port;
  std::optional<Error> skipped;
  for (const auto& text : options.addresses) {
    boost::system::error_code error;
    const auto address = boost::asio::ip::make_address(text, error);
    if (error) return fail(Errc::invalid_argument, "not a numeric address: " + text);
    if (const auto taken = exclusive_bind_error({address, port})) {
      Error refusal{
          Errc::unavailable, text + " port " + std::to_string(port) + ": " + describe(*taken, address), {}};
      if (address_is_absent(*taken)) {
        skipped = std::move(refusal);
        continue;
      }
      if (*taken == EADDRINUSE) refusal.code = Errc::already_exists;
      if (*taken == EACCES) refusal.code = Errc::forbidden;
      return tl::unexpected(std::move(refusal));
    }
    for (auto& shard : shards_) {
      auto listener = Listener::open(*shard, {address, port}, options, handler);
      if (!listener) return tl::unexpected(std::move(listener).error());
      port = (*listener)->endpoint().port();
      opened.push_back(std::move(*listener));
    }
  }
  if (opened.empty()) {
    return skipped ? Result<std::uint16_t>(tl::unexpected(*std::move(skipped)))
                   : fail(Errc::invalid_argument, "no address to listen on");
  }
  return port;
}

void ShardPool::start() {
  running_ = true;
  for (auto& shard : shards_) shard->start();
}

void ShardPool::stop_listening() {
  if (!running_) {
    listeners_.clear();
    return;
  }
  run_on_all([this](Shard& shard) {
    for (auto& bound : listeners_) {
      if (bound.shard == &shard) bound.listener->close();
    }
  });
  // A listener dies on its own shard, after the waits that refer to it have run.
  run_on_all([this](Shard& shard) {
    for (auto& bound : listeners_) {
      if (bound.shard == &shard) bound.listener.reset();
    }
  });
  listeners_.clear();
}

void ShardPool::stop() {
  if (!running_) return;
  stop_listening();
  for (auto& shard : shards_) shard->stop();
  running_ = false;
}

void ShardPool::post_to_all(const std::function<void(Shard&)>& task) const {
  for (const auto& shard : shards_) {
    shard->post([task, target = shard.get()] { task(*target); });
  }
}

void ShardPool::run_on_all(const std::function<void(Shard&)>& task) const {
  if (!running_) return;
  // Shared: the last shard may still be inside `count_down` when this thread goes on.
  const auto done = std::make_shared<std::latch>(static_cast<std::ptrdiff_t>(shards_.size()));
  struct CountDown {
    std::latch& latch;
    ~CountDown() { latch.count_down(); }
  };
  post_to_all([&task, done](Shard& shard) {
    const CountDown when_done{*done};  // also when it throws
    task(shard);
  });
  done->wait();
}

}  // namespace togglecast::net
