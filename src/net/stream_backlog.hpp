// The bytes of a stream that the kernel has not taken, and the deadline for progress. It also times the last
// moment of a closing stream. Thread rule: that of the stream, which owns it.
#pragma once

#include <cstddef>
#include <deque>

#include "base/shared_bytes.hpp"
#include "net/stream.hpp"

namespace togglecast::net {

struct Stream::Backlog final : TimerNode {
  struct Piece {
    SharedBytes block;
    std::size_t offset;
  };
  static constexpr std::size_t kPieceCost = 64;  // rough memory of a queued block besides its bytes

  explicit Backlog(Stream& owner) : stream(owner) {}
  ~Backlog() override = default;
  void on_timer(TimePoint) override;
  /// Forgets the bytes and the deadline: the stream has closed.
  void drop() noexcept {
    cancel();
    pieces.clear();
    bytes = encrypted = 0;
  }
  /// Counts towards `StreamLimits::backlog_bytes`: the bytes and the cost of each block.
  [[nodiscard]] std::size_t weight() const noexcept { return bytes + pieces.size() * kPieceCost; }

  Stream& stream;
  std::deque<Piece> pieces;
  std::size_t bytes = 0;
  std::size_t encrypted = 0;  // pieces at the front that are encrypted already
};

}  // namespace togglecast::net
