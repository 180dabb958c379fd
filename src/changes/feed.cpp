#include "changes/feed.hpp"

#include <algorithm>
#include <exception>
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
  feed_->subscribers_.erase(number_);
  feed_ = nullptr;
}

ChangeFeed::Subscription ChangeFeed::subscribe(Listener on_commit, EnvironmentListener on_environment) {
  const std::scoped_lock lock(mutex_);
  subscribers_.emplace(last_subscriber_ + 1,
                       Subscriber{std::move(on_commit), std::move(on_environment), last_event_});
  return Subscription(*this, ++last_subscriber_);
}

bool ChangeFeed::publish(Prepared&& event) noexcept {
  const std::scoped_lock lock(mutex_);
  event.front().number = ++last_event_;
  untold_.splice(untold_.end(), event);
  return tell_all();
}

bool ChangeFeed::tell() noexcept {
  const std::scoped_lock lock(mutex_);
  return tell_all();
}

bool ChangeFeed::tell_all() noexcept {
  if (untold_.empty()) return true;
  std::uint64_t told_to_all = last_event_;
  for (auto& [number, subscriber] : subscribers_) {
    if (!tell_one(subscriber)) told_to_all = std::min(told_to_all, subscriber.told);
  }
  while (!untold_.empty() && untold_.front().number <= told_to_all) untold_.pop_front();
  while (untold_.size() > kMostUntold) {
    untold_.pop_front();
    report("a subscriber of changes did not take the oldest of too many waiting events; it is dropped");
  }
  return untold_.empty();
}

bool ChangeFeed::tell_one(Subscriber& subscriber) noexcept {
  try {
    for (const Event& event : untold_) {
      if (event.number <= subscriber.told) continue;
      if (event.commit != nullptr) {
        subscriber.on_commit(event.commit);
      } else if (subscriber.on_environment) {
        subscriber.on_environment(event.first);
      }
      subscriber.told = event.number;
    }
    return true;
  } catch (const std::exception& error) {
    report(error.what());
  } catch (...) {
    report("an unknown exception");
  }
  return false;
}

void ChangeFeed::report(const char* message) const noexcept {
  if (on_failure_) on_failure_(message);
}

}  // namespace togglecast::changes
