#include "changes/recent/ring.hpp"

#include <utility>

namespace togglecast::changes {

domain::SnapshotPtr Ring::at(domain::Revision revision) const {
  const domain::Revision first = oldest()->revision();
  if (revision < first || revision > current_->revision()) return nullptr;
  const auto place = static_cast<std::size_t>(revision - first);
  return place == past_.size() ? current_ : past_[place].state;
}

void Ring::push(const domain::SnapshotPtr& after, std::size_t weight) {
  past_.push_back({current_, weight});
  current_ = after;
  bytes_ += weight;
}

Result<void> Ring::undo(const domain::LogRow& row, const domain::Head& before) {
  const domain::SnapshotPtr& after = oldest();
  auto undone = domain::apply(*after, domain::invert(row.change), before);
  if (!undone) {
    return fail(Errc::internal, "state and change log of " + after->environment() +
                                    " contradict each other at revision " +
                                    std::to_string(row.head.revision) + ": " + undone.error().message);
  }
  const std::size_t weight = (*undone)->weight_beside(*after);
  past_.push_front({std::move(*undone), weight});
  bytes_ += weight;
  return {};
}

domain::SnapshotPtr Ring::drop_oldest() noexcept {
  domain::SnapshotPtr oldest = std::move(past_.front().state);
  bytes_ -= past_.front().weight;
  past_.pop_front();
  return oldest;
}

}  // namespace togglecast::changes
