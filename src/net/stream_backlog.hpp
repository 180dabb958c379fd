// The bytes of a stream that the kernel has not taken, and the deadline for progress. It also times the last
// moment of a closing stream. Thread rule: that of the stream, which owns it.
#pragma once

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <deque>

#include "base/shared_bytes.hpp"
#include "net/output_queues.hpp"
#include "net/stream.hpp"

namespace togglecast::net {

struct Stream::Backlog final : TimerNode, OutputQueue {
  struct Piece {
    QueuedBlock block;
    std::size_t offset;
  };
  static constexpr std::size_t kPieceCost = 64;  // rough memory of a queued block besides its bytes

  explicit Backlog(Stream& owner) : stream(owner) {}
  ~Backlog() override { stream.shard_.output_queues().set(*this, 0); }
  void on_timer(TimePoint) override;
  void shed() override { stream.shed(); }
  /// Forgets the bytes and the deadline: the stream has closed.
  void drop() noexcept {
    cancel();
    give_up();
    pieces.clear();
    bytes = encrypted = shares = 0;
    stream.shard_.output_queues().set(*this, 0);
  }
  /// Notes what waits, before it is dropped.
  void give_up() noexcept {
    if (bytes != 0)
      unread = {bytes, std::chrono::duration_cast<Milliseconds>(stream.shard_.now() - progressed)};
  }
  void push(const SharedBytes& block, std::size_t offset) {
    pieces.push_back({QueuedBlock(stream.shard_.output_queues(), block), offset});
    shares += pieces.back().block.share();
  }
  /// An encrypted piece, behind those that are encrypted already.
  void push_encrypted(const SharedBytes& block) {
    const auto place = pieces.begin() + static_cast<std::ptrdiff_t>(encrypted);
    shares += pieces.insert(place, {QueuedBlock(stream.shard_.output_queues(), block), 0})->block.share();
    ++encrypted;
  }
  void pop() noexcept {
    shares -= pieces.front().block.share();
    pieces.pop_front();
  }
  void pop_back() noexcept {
    shares -= pieces.back().block.share();
    pieces.pop_back();
  }
  /// Whether so many bytes more would be too many, and counts them if not. A turn counts as one: the largest
  /// does not weigh, so that only what piles up beside it is measured.
  [[nodiscard]] bool take(std::size_t size, std::size_t limit, std::uint64_t turn) noexcept {
    const std::size_t weight = size + kPieceCost;
    if (turn != turn_) unit_ = 0;
    const bool alone = piled_ == unit_;  // nothing was sent in an earlier turn
    const std::size_t largest = std::max(largest_, unit_ + weight);
    if (!alone && piled_ + weight - largest > limit) return false;
    turn_ = turn;
    unit_ += weight;
    largest_ = largest;
    piled_ += weight;
    return true;
  }
  /// The peer has taken bytes.
  void progress(TimePoint now) noexcept {
    progressed = now;
    piled_ = unit_ = largest_ = 0;
  }

  Stream& stream;
  std::deque<Piece> pieces;
  std::size_t bytes = 0;
  std::size_t shares = 0;     // of all pieces, see QueuedBlock::share
  std::size_t encrypted = 0;  // pieces at the front that are encrypted already
  Unread unread;              // when it was given up
  TimePoint progressed{};     // when the kernel last took bytes, or when they began to wait
  Milliseconds closing_stall = StreamLimits{}.stall;  // after `close_gracefully`, when the limits may be gone

 private:
  // Since the last progress: the weight of all, of the present turn, of the largest turn.
  std::size_t piled_ = 0, unit_ = 0, largest_ = 0;
  std::uint64_t turn_ = 0;
};

}  // namespace togglecast::net
