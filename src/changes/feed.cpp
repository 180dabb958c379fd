#include "changes/feed.hpp"

#include <utility>

namespace togglecast::changes {

ChangeFeed::Subscription::Subscription(Subscription&& other) noexcept
    : feed_(std::exchange(other.feed_, nullptr)), number_(other.number_) {}

ChangeFeed::Subscription& ChangeFeed::Subscription::operator=(Subscription&& other) noexcept {
  if (this != &other) {
    reset();
    feed_ = std::exchange(other.feed_, nullptr);
    number_ = other.number_;
  }
  return *this;
}

void ChangeFeed::Subscription::reset() {
  if (feed_ == nullptr) return;
  const std::scoped_lock lock(feed_->mutex_);
  feed_->listeners_.erase(number_);
  feed_ = nullptr;
}

ChangeFeed::Subscription ChangeFeed::subscribe(Listener listener) {
  const std::scoped_lock lock(mutex_);
  listeners_.emplace(++last_number_, std::move(listener));
  return Subscription(*this, last_number_);
}

void ChangeFeed::publish(const CommitPtr& commit) {
  const std::scoped_lock lock(mutex_);
  for (const auto& [number, listener] : listeners_) listener(commit);
}

}  // namespace togglecast::changes
