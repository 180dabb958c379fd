// The blocks that streams collect during one loop turn. Streams that got the same blocks in the same order
// share one chain. Small ones are joined once, so that each stream needs one `send()` of one shared buffer.
// Thread rule: belongs to one shard; nothing in it outlives the turn.
#pragma once

#include <sys/socket.h>
#include <sys/uio.h>

#include <array>
#include <deque>
#include <string>

#include "base/shared_bytes.hpp"

namespace togglecast::net {

class SendChains {
 public:
  struct Link {
    const Link* previous;
    SharedBytes block;
    std::size_t total;                     ///< bytes up to and including this block
    mutable Link* latest_child = nullptr;  ///< the chain that was last continued from here
    mutable SharedBytes joined{};          ///< all bytes of the chain; made when needed
  };

  /// The chain `tail` (nullptr: the empty chain) with `block` at its end.
  [[nodiscard]] const Link* append(const Link* tail, const SharedBytes& block) {
    Link*& candidate = tail == nullptr ? latest_root_ : tail->latest_child;
    if (candidate != nullptr && candidate->block.same_as(block)) return candidate;
    links_.push_back(Link{tail, block, (tail == nullptr ? 0 : tail->total) + block.size()});
    candidate = &links_.back();
    return candidate;
  }

  /// All blocks of the chain as one.
  [[nodiscard]] static const SharedBytes& join(const Link& tail) {
    if (tail.previous == nullptr) return tail.block;
    if (!tail.joined) {
      tail.joined = SharedBytes::make(tail.total, [&tail](char* out) {
        out += tail.total;
        for (const Link* link = &tail; link != nullptr; link = link->previous) {
          out -= link->block.size();
          link->block.view().copy(out, link->block.size());
        }
      });
    }
    return tail.joined;
  }

  /// Sends the chain without waiting, as `send` does. What is large is sent from where it lies; small blocks
  /// are joined, which costs less than to name them to the kernel.
  [[nodiscard]] static ssize_t send(int descriptor, const Link& tail) {
    constexpr int kFlags = MSG_NOSIGNAL | MSG_DONTWAIT;
    std::array<iovec, kPieces> pieces;
    std::size_t count = 0;
    for (const Link* link = &tail; link != nullptr && count <= kPieces; link = link->previous) ++count;
    if (count == 1 || count > kPieces || tail.total < kLarge || tail.joined) {
      const std::string_view bytes = join(tail).view();
      return ::send(descriptor, bytes.data(), bytes.size(), kFlags);
    }
    msghdr message{};
    message.msg_iov = pieces.data();
    message.msg_iovlen = count;
    for (const Link* link = &tail; link != nullptr; link = link->previous) {
      const std::string_view bytes = link->block.view();
      pieces[--count] = {const_cast<char*>(bytes.data()), bytes.size()};  // `sendmsg` only reads them
    }
    return ::sendmsg(descriptor, &message, kFlags);
  }

  void clear() {
    links_.clear();
    latest_root_ = nullptr;
  }

 private:
  static constexpr std::size_t kPieces = 8;
  static constexpr std::size_t kLarge = 4 * 1'024;  // bytes

  std::deque<Link> links_;
  Link* latest_root_ = nullptr;
};

}  // namespace togglecast::net
