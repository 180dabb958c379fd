// Decides when the heap is worth trimming. Thread rule: a plain value; the counters are arguments.
#pragma once

#include <cstdint>

namespace togglecast::net {

class TrimSchedule {
 public:
  /// Trims after this many connections have come or gone.
  explicit TrimSchedule(std::uint64_t connections) noexcept : connections_(connections) {}

  /// Called at regular times with the number of connections that have come and gone since the start. Returns
  /// whether to trim now.
  [[nodiscard]] bool look(std::uint64_t came, std::uint64_t went) noexcept {
    if (rise(seen_came_, came) + rise(seen_went_, went) >= connections_) {
      seen_came_ = came;
      seen_went_ = went;
      looks_left_ = kLooks;
    }
    if (looks_left_ == 0) return false;
    --looks_left_;
    return true;
  }

 private:
  static constexpr int kLooks = 4;  // memory of a connection's beginning is free only a little later

  // The counters of several shards are read one after the other, so their sum may seem to fall.
  static std::uint64_t rise(std::uint64_t before, std::uint64_t now) noexcept {
    return now > before ? now - before : 0;
  }

  std::uint64_t connections_;
  std::uint64_t seen_came_ = 0;
  std::uint64_t seen_went_ = 0;
  int looks_left_ = 0;
};

}  // namespace togglecast::net
