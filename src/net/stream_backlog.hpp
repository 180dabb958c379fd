// What of a stream waits for the kernel, and the deadline for its progress. Also carries a closing stream
// through its last moment. Thread rule: as the stream's, which owns it.
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
  static constexpr std::size_t kPieceCost = 64;  // of memory, roughly, beyond the bytes of a queued block

  explicit Backlog(Stream& owner) : stream(owner) {}
  ~Backlog() override = default;
  void on_timer(TimePoint) override;
  /// Of a stream that has closed: nothing is left to be sent, and nothing to be waited for.
  void drop() noexcept {
    cancel();
    pieces.clear();
    bytes = sealed = 0;
  }
  /// What is held against the limit: bytes, and what it costs to keep each block.
  [[nodiscard]] std::size_t weight() const noexcept { return bytes + pieces.size() * kPieceCost; }

  Stream& stream;
  std::deque<Piece> pieces;
  std::size_t bytes = 0;
  std::size_t sealed = 0;  // pieces in front that are encrypted already
};

}  // namespace togglecast::net
