// Decides when the heap is worth trimming. Thread rule: a plain value; the counters are arguments.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>

namespace togglecast::net {

class TrimSchedule {
 public:
  /// Trims after this many connections have come or gone, and when so many bytes more are idle than the last
  /// trim had to leave: resident, and used by nothing.
  TrimSchedule(std::uint64_t connections, std::size_t idle_bytes) noexcept
      : connections_(connections), idle_bytes_(idle_bytes) {}

  /// Called at regular times with the number of connections that have come and gone since the start. Returns
  /// whether to trim now.
  [[nodiscard]] bool look(std::uint64_t came, std::uint64_t went, std::size_t idle) noexcept {
    left_ = std::min(left_, idle);
    if (rise(seen_came_, came) + rise(seen_went_, went) >= connections_) {
      seen_came_ = came;
      seen_went_ = went;
      looks_left_ = kLooks;
    }
    if (looks_left_ == 0) return idle >= left_ + idle_bytes_;
    --looks_left_;
    return true;
  }
  /// After a trim: the bytes that are idle all the same.
  void trimmed(std::size_t idle) noexcept { left_ = idle; }

 private:
  static constexpr int kLooks = 4;  // memory of a connection's beginning is free only a little later

  // The counters of several shards are read one after the other, so their sum may seem to fall.
  static std::uint64_t rise(std::uint64_t before, std::uint64_t now) noexcept {
    return now > before ? now - before : 0;
  }

  std::uint64_t connections_;
  std::size_t idle_bytes_;
  std::size_t left_ = 0;
  std::uint64_t seen_came_ = 0;
  std::uint64_t seen_went_ = 0;
  int looks_left_ = 0;
};

}  // namespace togglecast::net
