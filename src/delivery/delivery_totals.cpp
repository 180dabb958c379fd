#include "delivery/delivery_totals.hpp"

namespace togglecast::delivery {
namespace {

using domain::Revision;

void take_one(std::map<Revision, std::size_t>& tally, Revision revision) {
  const auto entry = tally.find(revision);
  if (--entry->second == 0) tally.erase(entry);
}

// The subscribers at `revision` or above.
std::size_t at_least(const std::map<Revision, std::size_t>& tally, Revision revision) {
  std::size_t sum = 0;
  for (auto entry = tally.lower_bound(revision); entry != tally.end(); ++entry) sum += entry->second;
  return sum;
}

}  // namespace

void DeliveryTotals::add(const Position& position) {
  std::size_t& acknowledged = acknowledged_[position.acknowledged];
  if (position.is_behind) {
    ++behind_[position.behind];
  } else {
    ++up_to_date_;
    if (position.sent >= newest_) ++at_newest_;
  }
  ++acknowledged;
}

void DeliveryTotals::remove(const Position& position) {
  if (position.is_behind) {
    take_one(behind_, position.behind);
  } else {
    --up_to_date_;
    if (position.sent >= newest_) --at_newest_;
  }
  take_one(acknowledged_, position.acknowledged);
}

void DeliveryTotals::move_to(Revision newest, Revision settled) noexcept {
  if (newest != newest_) at_newest_ = 0;  // nobody is sent a state before the shard has it
  newest_ = newest;
  settled_ = settled;
}

std::vector<RevisionReach> DeliveryTotals::reach(const std::vector<Revision>& revisions) const {
  std::vector<RevisionReach> reach;
  reach.reserve(revisions.size());
  for (const Revision revision : revisions) {
    RevisionReach one;
    one.acknowledged = at_least(acknowledged_, revision);
    one.told = at_least(behind_, revision);
    if (revision <= settled_) {
      one.told += up_to_date_;
    } else if (revision <= newest_) {
      one.told += at_newest_;
    }
    reach.push_back(one);
  }
  return reach;
}

}  // namespace togglecast::delivery
