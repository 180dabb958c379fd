#include "changes/read_model.hpp"

#include <algorithm>

namespace togglecast::changes {

ReadModel::ReadModel(const RingLimits& limits, observe::Metrics* metrics)
    : limits_(limits), metrics_(metrics) {
  if (metrics == nullptr) return;
  evictions_ = &metrics->counter("togglecast_ring_evictions_total",
                                 "Snapshots that were dropped for their memory, before there were too many.");
}

bool ReadModel::has_room(const Ring& ring) const {
  const std::scoped_lock lock(mutex_);
  return ring.size() < limits_.snapshots && ring.bytes() + bytes() < limits_.bytes;
}

void ReadModel::add(Ring ring) {
  const std::string environment = ring.current()->environment();
  Home home{std::move(ring)};
  if (metrics_ != nullptr) {
    const observe::Metrics::Labels labels{{"environment", environment}};
    home.bytes = &metrics_->gauge("togglecast_ring_bytes",
                                  "Memory of the snapshots before the current one, about.", labels);
    home.snapshots = &metrics_->gauge("togglecast_ring_snapshots",
                                      "Snapshots that are kept before the current one.", labels);
  }
  {
    const std::scoped_lock lock(mutex_);
    show(homes_.insert_or_assign(environment, std::move(home)).first->second);
  }
  while (take_excess() != nullptr) continue;
}

void ReadModel::advance(const domain::SnapshotPtr& after) {
  const std::size_t weight = current(after->environment())->weight_beside(*after);
  {
    const std::scoped_lock lock(mutex_);
    Home& home = homes_.find(after->environment())->second;
    home.ring.push(after, weight);
    show(home);
  }
  while (take_excess() != nullptr) continue;  // freed outside the lock
}

domain::SnapshotPtr ReadModel::take_excess() noexcept {
  const std::scoped_lock lock(mutex_);
  for (auto& [name, home] : homes_)
    if (home.ring.size() > limits_.snapshots) return drop_oldest(home);
  if (bytes() <= limits_.bytes) return nullptr;
  Home* home = heaviest();
  if (home == nullptr) return nullptr;
  if (evictions_ != nullptr) evictions_->add();
  return drop_oldest(*home);
}

ReadModel::Home* ReadModel::heaviest() noexcept {
  Home* heaviest = nullptr;
  for (auto& [name, home] : homes_) {
    if (home.ring.size() == 0) continue;
    if (heaviest == nullptr || home.ring.bytes() > heaviest->ring.bytes()) heaviest = &home;
  }
  return heaviest;
}

domain::SnapshotPtr ReadModel::drop_oldest(Home& home) noexcept {
  auto dropped = home.ring.drop_oldest();
  show(home);
  return dropped;
}

std::size_t ReadModel::bytes() const noexcept {
  std::size_t bytes = 0;
  for (const auto& [name, home] : homes_) bytes += home.ring.bytes();
  return bytes;
}

void ReadModel::show(const Home& home) noexcept {
  if (home.bytes == nullptr) return;
  home.bytes->set(static_cast<std::int64_t>(home.ring.bytes()));
  home.snapshots->set(static_cast<std::int64_t>(home.ring.size()));
}

domain::SnapshotPtr ReadModel::current(std::string_view environment) const {
  const std::scoped_lock lock(mutex_);
  const auto home = homes_.find(environment);
  return home == homes_.end() ? nullptr : home->second.ring.current();
}

domain::SnapshotPtr ReadModel::find(std::string_view environment, const domain::Offset& offset) const {
  auto snapshot = at(environment, offset.revision);
  return snapshot != nullptr && snapshot->offset() == offset ? snapshot : nullptr;
}

domain::SnapshotPtr ReadModel::at(std::string_view environment, domain::Revision revision) const {
  const std::scoped_lock lock(mutex_);
  const auto home = homes_.find(environment);
  if (home == homes_.end()) return nullptr;
  const Ring& ring = home->second.ring;
  auto snapshot = ring.at(revision);
  const bool of_this_epoch = snapshot != nullptr && snapshot->head().epoch == ring.current()->head().epoch;
  return of_this_epoch ? snapshot : nullptr;
}

domain::SnapshotPtr ReadModel::nearest(std::string_view environment, domain::Revision revision) const {
  const std::scoped_lock lock(mutex_);
  const auto home = homes_.find(environment);
  if (home == homes_.end()) return nullptr;
  const Ring& ring = home->second.ring;
  return ring.at(std::max(revision, ring.oldest()->revision()));
}

domain::Revision ReadModel::aging(std::string_view environment) const {
  const std::scoped_lock lock(mutex_);
  const auto home = homes_.find(environment);
  if (home == homes_.end()) return 0;
  const Ring& ring = home->second.ring;
  // With the whole history in it, it still grows; else it has dropped some for their memory.
  const std::size_t span = ring.oldest()->revision() == 0 ? limits_.snapshots : ring.size();
  return ring.current()->revision() - static_cast<domain::Revision>(span / 2);
}

std::vector<std::string> ReadModel::environments() const {
  const std::scoped_lock lock(mutex_);
  std::vector<std::string> names;
  for (const auto& [name, home] : homes_) names.push_back(name);
  return names;
}

}  // namespace togglecast::changes
