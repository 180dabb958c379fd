// Limits of open and of new connections per address.
//
// * A session counts from its handshake. Its address is the client's, even behind a trusted proxy.
// * A TCP connection counts from the moment it is accepted; an address may have twice as many as sessions.
// * `web::address_key` says what one address is. This machine counts like any other, unless it is exempt.
//
// Thread rule: any thread; the lock is held for a look-up.
#pragma once

#include <boost/asio/ip/address.hpp>
#include <cstddef>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <unordered_map>

#include "base/clock.hpp"
#include "base/memory/held.hpp"
#include "base/token_bucket.hpp"
#include "engineio/options.hpp"
#include "observe/metrics.hpp"
#include "web/exchange.hpp"

namespace togglecast::app {

struct AddressLimitOptions {
  std::size_t open = 5'000;  ///< sessions
  Rate rate{.per_second = 200, .burst = 2'000};
  bool exempt_loopback = false;  ///< connections of this machine do not count
};

class AddressLimits {
 public:
  AddressLimits(const AddressLimitOptions& options, const Clock& clock, observe::Metrics& metrics);

  /// Counts a TCP connection until the returned pointer is dropped; the pointer is null when it is exempt.
  /// Returns nothing when the address has too many.
  [[nodiscard]] std::optional<HeldPtr> accept(const boost::asio::ip::address& address);
  /// Call before a session begins. Returns 429 with the time to wait, or nothing when the session may begin.
  [[nodiscard]] std::optional<engineio::Refusal> admit(const web::Peer& peer);
  /// Counts a session until the returned pointer is dropped.
  [[nodiscard]] HeldPtr hold(const web::Peer& peer);

  /// The number of addresses in the table.
  [[nodiscard]] std::size_t remembered() const;

 private:
  // A pointer that its holders share: their number is the count, and a holder costs no memory of its own.
  class Shared {
   public:
    [[nodiscard]] std::size_t count() const noexcept { return held_ == nullptr ? 0 : held_->use_count() - 1; }
    [[nodiscard]] HeldPtr hold() {
      if (held_ == nullptr) held_ = new Held;
      return held_;
    }

   private:
    HeldPtr held_;
  };
  struct Entry {
    Shared connections, sessions;
    TokenBucket opened;
  };
  [[nodiscard]] bool exempt(bool loopback) const noexcept { return loopback && options_.exempt_loopback; }
  // Both under the lock.
  Entry& entry_of(std::string key);
  // Removes the addresses that have nothing open and a full bucket. Under the lock.
  void sweep();

  AddressLimitOptions options_;
  const Clock& clock_;
  observe::Counter& too_fast_;
  observe::Counter& too_many_;
  mutable std::mutex mutex_;  // for what follows
  std::unordered_map<std::string, Entry> entries_;
  std::size_t sweep_at_ = 1'024;
};

}  // namespace togglecast::app
