// A message of the bus as it lies on a channel of Redis (docs/redis.md):
//
//   message := "1 " key " " node " " sequence " " sent-at " " mac "\n" payload
//   mac     := unpadded base64url of HMAC-SHA256(signed)
//   signed  := "1\n" channel "\n" node " " sequence " " sent-at "\n" payload
//
// Thread rule: pure functions, and a value for one thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <tl/expected.hpp>

#include "base/clock.hpp"
#include "cluster/bus_keys.hpp"

namespace togglecast::cluster {

/// Why a message is dropped.
enum class Drop : std::uint8_t {
  malformed,        ///< it does not follow the grammar
  unknown_version,  ///< it does, perhaps, in another version
  foreign,          ///< no key of this installation made its mac
  replayed,         ///< a message of that node and channel with this or a later sequence has been taken
  stale,            ///< it was sent too long ago, or in the future
};
inline constexpr std::size_t kDrops = 5;
[[nodiscard]] std::string_view to_string(Drop drop) noexcept;

struct Envelope {
  std::string_view node;
  std::uint64_t sequence = 0;
  UnixMillis sent_at{};
  std::string_view payload;
};

[[nodiscard]] std::string seal(const Envelope& message, std::string_view channel, const BusKeys& keys);
/// Checks all but age and sequence. Views point into `bytes`.
[[nodiscard]] tl::expected<Envelope, Drop> unseal(std::string_view bytes, std::string_view channel,
                                                  const BusKeys& keys);

/// Takes each message once and in order: by the sequence of its node and channel. Messages older than
/// `kOldest` are refused, so that nodes may be forgotten after that time.
class ReplayGuard {
 public:
  static constexpr Milliseconds kOldest{300'000};
  [[nodiscard]] tl::expected<void, Drop> admit(const Envelope& message, std::string_view channel,
                                               UnixMillis now);

 private:
  struct Seen {
    std::uint64_t sequence = 0;
    UnixMillis at{};
  };
  void forget(UnixMillis now);

  std::map<std::string, Seen, std::less<>> seen_;  // by node and channel
  UnixMillis forgot_at_{};
};

}  // namespace togglecast::cluster
