// The blocks that streams collect during one loop turn. Streams that got the same blocks in the same order
// share one chain, whose bytes are joined once. So each stream needs one `send()` of one shared buffer.
// Thread rule: belongs to one shard; nothing in it outlives the turn.
#pragma once

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

  void clear() {
    links_.clear();
    latest_root_ = nullptr;
  }

 private:
  std::deque<Link> links_;
  Link* latest_root_ = nullptr;
};

}  // namespace togglecast::net
