// How many connections one address may open, and how many at once: sessions from their handshake, which may
// have come through a proxy, and twice as many TCP connections from the moment they are accepted. This
// machine is exempt; an IPv6 address counts by its /64, which is what one subscriber has. Thread rule: any
// thread; the lock is held for a look-up.
#pragma once

#include <boost/asio/ip/address.hpp>
#include <cstddef>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <unordered_map>

#include "base/clock.hpp"
#include "base/token_bucket.hpp"
#include "engineio/options.hpp"
#include "observe/metrics.hpp"
#include "web/exchange.hpp"

namespace togglecast::app {

struct AddressLimitOptions {
  std::size_t open = 5'000;  ///< sessions
  Rate rate{.per_second = 200, .burst = 2'000};
};

class AddressLimits {
 public:
  AddressLimits(const AddressLimitOptions& options, const Clock& clock, observe::Metrics& metrics);

  /// Counts a TCP connection until what is returned, which is null for this machine, is dropped; nothing when
  /// it is one too many.
  [[nodiscard]] std::optional<std::shared_ptr<void>> accept(const boost::asio::ip::address& address);
  /// Before a session begins: 429 with the time to wait, or nothing.
  [[nodiscard]] std::optional<engineio::Refusal> admit(const web::Peer& peer);
  /// Counts a session until what is returned is dropped.
  [[nodiscard]] std::shared_ptr<void> hold(const web::Peer& peer);

  /// Addresses that are remembered.
  [[nodiscard]] std::size_t remembered() const;

 private:
  struct Entry {
    std::size_t connections = 0;
    std::size_t sessions = 0;
    TokenBucket opened;
  };
  struct Book {
    std::mutex mutex;
    std::unordered_map<std::string, Entry> entries;  // they stay where they are while something is counted
    std::size_t sweep_at = 1'024;
  };
  // Both under the lock.
  Entry& entry_of(std::string name);
  // Counts until what is returned is dropped.
  [[nodiscard]] std::shared_ptr<void> count(std::size_t& things) const;
  // Forgets whoever has nothing open and was quiet long enough. Under the lock.
  void sweep();

  AddressLimitOptions options_;
  const Clock& clock_;
  observe::Counter& too_fast_;
  observe::Counter& too_many_;
  std::shared_ptr<Book> book_ = std::make_shared<Book>();  // outlives us while something is counted
};

}  // namespace togglecast::app
