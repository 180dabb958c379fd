// Running totals of one environment's client subscribers on one shard: how many a revision has reached. Each
// event costs the same however many subscribers there are, and so does a question.
//
// A subscriber has been told a revision when it was sent to it, or when it does not concern the subscriber
// and no push that might is still under way. Thread rule: one shard.
#pragma once

#include <algorithm>
#include <cstddef>
#include <map>
#include <vector>

#include "delivery/delivery_counts.hpp"
#include "domain/schema/ids.hpp"

namespace togglecast::delivery {

class DeliveryTotals {
 public:
  /// What the totals know of a subscriber.
  struct Position {
    domain::Revision sent = 0;
    bool is_behind = false;
    domain::Revision behind = 0;  ///< the revision it has, when it is behind
    domain::Revision acknowledged = 0;
  };

  void add(const Position& position);
  void remove(const Position& position);
  /// A push reached a subscriber that is not behind: as `remove` and `add`, at the price of a comparison.
  void moved(domain::Revision from, domain::Revision to) noexcept {
    if (from < newest_ && to >= newest_) ++at_newest_;
  }

  /// The shard's state is now `newest`. Until the next call, subscribers that are not behind and have not
  /// been sent it count as told up to `settled`.
  void move_to(domain::Revision newest, domain::Revision settled) noexcept;
  /// The push is over: it does not concern subscribers that were not sent the newest state.
  void settle() noexcept { settled_ = newest_; }
  /// The newest revision whose push is over.
  [[nodiscard]] domain::Revision settled() const noexcept { return settled_; }

  /// The revision up to which such a subscriber has been told everything.
  [[nodiscard]] domain::Revision told(const Position& position) const noexcept {
    if (position.is_behind) return position.behind;
    return position.sent >= newest_ ? position.sent : std::max(position.sent, settled_);
  }
  [[nodiscard]] std::vector<RevisionReach> reach(const std::vector<domain::Revision>& revisions) const;

 private:
  using Tally = std::map<domain::Revision, std::size_t>;  // subscribers by revision

  domain::Revision newest_ = 0;
  domain::Revision settled_ = 0;
  std::size_t up_to_date_ = 0;  // subscribers that are not behind …
  std::size_t at_newest_ = 0;   // … and those of them that were sent the newest state
  Tally behind_;
  Tally acknowledged_;
};

}  // namespace togglecast::delivery
