#include "delivery/subscriber_group.hpp"

#include <algorithm>

#include "delivery/subscriber.hpp"

namespace togglecast::delivery {
namespace {

constexpr std::uint32_t kFetchAhead = 4;
constexpr std::size_t kLine = 64;

// A walk over many subscribers waits for memory more than for anything else.
void fetch(const Subscriber* subscriber) noexcept {
  const auto* bytes = reinterpret_cast<const char*>(subscriber);
  __builtin_prefetch(bytes);
  __builtin_prefetch(bytes + kLine);
}

}  // namespace

SubscriberGroup::~SubscriberGroup() {
  for (GroupWalk* walk = walks_; walk != nullptr; walk = walk->next_walk_) walk->group_ = nullptr;
}

void SubscriberGroup::put(Subscriber& subscriber, std::uint32_t place) noexcept {
  members_[place] = &subscriber;
  subscriber.places_[static_cast<std::size_t>(kind_)] = place;
}

// The array grows by a quarter: with many connections its unused part is memory of each of them.
void SubscriberGroup::make_room() {
  if (members_.size() == members_.capacity())
    members_.reserve(members_.size() + std::max<std::size_t>(1, members_.size() / 4));
}

void SubscriberGroup::add(Subscriber& subscriber) noexcept {
  members_.push_back(nullptr);
  put(subscriber, static_cast<std::uint32_t>(members_.size() - 1));
}

// The positions of all walks cut the array into sections. From each section behind the gap, the last member
// moves into the gap and leaves one at the section's end, so that nobody changes sections.
void SubscriberGroup::remove(Subscriber& subscriber) noexcept {
  std::uint32_t gap = subscriber.places_[static_cast<std::size_t>(kind_)];
  const auto last = static_cast<std::uint32_t>(members_.size() - 1);
  while (true) {
    std::uint32_t section_end = last + 1;
    for (const GroupWalk* walk = walks_; walk != nullptr; walk = walk->next_walk_) {
      if (walk->next_ > gap) section_end = std::min(section_end, walk->next_);
      if (walk->end_ > gap) section_end = std::min(section_end, walk->end_);
    }
    if (section_end - 1 != gap) put(*members_[section_end - 1], gap);
    if (section_end > last) break;
    gap = section_end - 1;
    for (GroupWalk* walk = walks_; walk != nullptr; walk = walk->next_walk_) {
      if (walk->next_ == section_end) --walk->next_;
      if (walk->end_ == section_end) --walk->end_;
    }
  }
  for (GroupWalk* walk = walks_; walk != nullptr; walk = walk->next_walk_) {
    walk->next_ = std::min(walk->next_, last);
    walk->end_ = std::min(walk->end_, last);
  }
  members_.pop_back();
}

GroupWalk::GroupWalk(SubscriberGroup& group) noexcept
    : group_(&group), next_walk_(group.walks_), end_(static_cast<std::uint32_t>(group.members_.size())) {
  group.walks_ = this;
}

Subscriber* GroupWalk::next() noexcept {
  if (group_ == nullptr || next_ == end_) return nullptr;
  if (next_ + kFetchAhead < end_) fetch(group_->members_[next_ + kFetchAhead]);
  return group_->members_[next_++];
}

void GroupWalk::stop() noexcept {
  if (group_ == nullptr) return;
  GroupWalk** link = &group_->walks_;
  while (*link != this) link = &(*link)->next_walk_;
  *link = next_walk_;
  group_ = nullptr;
}

}  // namespace togglecast::delivery
