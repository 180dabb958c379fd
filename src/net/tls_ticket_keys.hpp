// The keys that TLS session tickets are sealed with (RFC 5077, section 4): made at random, never written
// down, replaced after a while. A ticket opens as long as its key is the present or the previous one.
// Thread rule: any thread; the lock is held for a look.
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
    std::array<std::uint8_t, kNameBytes> name{};  ///< stands in the ticket, in the clear
    std::array<std::uint8_t, 32> cipher{};        ///< AES-256
    std::array<std::uint8_t, 32> mac{};           ///< HMAC-SHA-256
    ~Key();                                       ///< leaves nothing readable behind
  };
  struct Found {
    Key key;
    bool present;  ///< otherwise the ticket opens, but a fresh one should replace it
  };

  /// `lifetime`: how long a key seals; it opens for as long again.
  TicketKeys(RandomSource& random, Milliseconds lifetime) : random_(random), lifetime_(lifetime) {}

  /// The key that seals at `now`.
  [[nodiscard]] Key present(TimePoint now);
  /// The key of that name, if it still opens at `now`.
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
  std::optional<Dated> present_, previous_;
};

}  // namespace togglecast::net
