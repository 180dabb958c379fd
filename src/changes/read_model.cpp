#include "changes/read_model.hpp"

#include <algorithm>

namespace togglecast::changes {

Result<void> ReadModel::add(const storage::Loaded& loaded) {
  Ring ring{loaded.snapshot};
  const auto& rows = loaded.recent;
  for (std::size_t i = rows.size(); i > 0 && ring.size() <= capacity_; --i) {
    const domain::Head& before = i > 1 ? rows[i - 2].head : loaded.before;
    auto undone = domain::apply(*ring.front(), domain::invert(rows[i - 1].change), before);
    if (!undone) {
      return fail(Errc::internal, "state and change log of " + loaded.snapshot->environment() +
                                      " contradict each other at revision " +
                                      std::to_string(rows[i - 1].head.revision) + ": " +
                                      undone.error().message);
    }
    ring.push_front(std::move(*undone));
  }
  const std::scoped_lock lock(mutex_);
  rings_.insert_or_assign(loaded.snapshot->environment(), std::move(ring));
  return {};
}

void ReadModel::advance(const domain::SnapshotPtr& after) {
  domain::SnapshotPtr dropped;  // freed outside the lock
  const std::scoped_lock lock(mutex_);
  Ring& ring = rings_.find(after->environment())->second;
  ring.push_back(after);
  if (ring.size() > capacity_ + 1) {
    dropped = std::move(ring.front());
    ring.pop_front();
  }
}

domain::SnapshotPtr ReadModel::current(std::string_view environment) const {
  const std::scoped_lock lock(mutex_);
  const auto ring = rings_.find(environment);
  return ring == rings_.end() ? nullptr : ring->second.back();
}

domain::SnapshotPtr ReadModel::find(std::string_view environment, const domain::Offset& offset) const {
  auto snapshot = at(environment, offset.revision);
  return snapshot != nullptr && snapshot->offset() == offset ? snapshot : nullptr;
}

domain::SnapshotPtr ReadModel::at(std::string_view environment, domain::Revision revision) const {
  const std::scoped_lock lock(mutex_);
  const auto found = rings_.find(environment);
  if (found == rings_.end()) return nullptr;
  const Ring& ring = found->second;
  const domain::Revision first = ring.front()->revision();
  if (revision < first || revision > ring.back()->revision()) return nullptr;
  const auto& snapshot = ring[static_cast<std::size_t>(revision - first)];
  return snapshot->head().epoch == ring.back()->head().epoch ? snapshot : nullptr;
}

domain::SnapshotPtr ReadModel::nearest(std::string_view environment, domain::Revision revision) const {
  const std::scoped_lock lock(mutex_);
  const auto found = rings_.find(environment);
  if (found == rings_.end() || revision > found->second.back()->revision()) return nullptr;
  const Ring& ring = found->second;
  const domain::Revision first = ring.front()->revision();
  return ring[static_cast<std::size_t>(std::max(revision, first) - first)];
}

std::vector<std::string> ReadModel::environments() const {
  const std::scoped_lock lock(mutex_);
  std::vector<std::string> names;
  for (const auto& [name, ring] : rings_) names.push_back(name);
  return names;
}

}  // namespace togglecast::changes
