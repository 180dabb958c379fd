// The keys that encrypt TLS session tickets (RFC 5077, section 4). They are random, never written to disk,
// and replaced after a while. The current and the previous key decrypt tickets. Thread rule: any thread; the
// lock is held briefly.
#pragma once

#include <array>
#include <cstdint>
#include <mutex>
#include <optional>
#include <span>

#include "base/clock.hpp"
#include "base/random.hpp"

namespace togglecast::net {

class TicketKeys {
 public:
  static constexpr std::size_t kNameBytes = 16;
  struct Key {
    std::array<std::uint8_t, kNameBytes> name{};  ///< in the ticket, not encrypted
    std::array<std::uint8_t, 32> cipher{};        ///< AES-256
    std::array<std::uint8_t, 32> mac{};           ///< HMAC-SHA-256
    ~Key();                                       ///< erases the key
  };
  struct Found {
    Key key;
    bool current;  ///< false: the ticket is good, but the client should get a new one
  };

  /// A key encrypts for `lifetime`, and decrypts for that time again.
  TicketKeys(RandomSource& random, Milliseconds lifetime) : random_(random), lifetime_(lifetime) {}

  /// The key that encrypts at `now`.
  [[nodiscard]] Key current(TimePoint now);
  /// The key of that name, if it still decrypts at `now`.
  [[nodiscard]] std::optional<Found> find(std::span<const std::uint8_t, kNameBytes> name, TimePoint now);

 private:
  struct Dated {
    explicit Dated(TimePoint now) : made(now) {}
    Key key;
    TimePoint made;
  };
  void forget_old(TimePoint now);  // under the lock

  RandomSource& random_;
  Milliseconds lifetime_;
  std::mutex mutex_;
  std::optional<Dated> current_, previous_;
};

}  // namespace togglecast::net
