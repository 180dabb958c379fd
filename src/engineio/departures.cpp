#include "engineio/departures.hpp"

#include <algorithm>

#include "base/random.hpp"

namespace togglecast::engineio {

bool Departures::later(const Departure& a, const Departure& b) noexcept { return a.due > b.due; }

void Departures::begin(const std::vector<SessionId>& sessions, Milliseconds window) {
  const TimePoint now = shard_.now();
  const auto span = static_cast<std::uint64_t>(window.count()) + 1;
  waiting_.clear();
  waiting_.reserve(sessions.size());
  for (const SessionId& id : sessions) {
    const TimePoint due = now + Milliseconds{random_below(shard_.random(), span)};
    waiting_.push_back({due, due + kLongestDelay, id});
  }
  std::sort(waiting_.begin(), waiting_.end(), &later);
  on_timer(now);
}

void Departures::on_timer(TimePoint now) {
  while (!waiting_.empty() && waiting_.back().due <= now) {
    Departure next = waiting_.back();
    waiting_.pop_back();
    if (leave_(next.id, now >= next.latest)) continue;
    next.due = now + kLookAgain;
    waiting_.insert(std::upper_bound(waiting_.begin(), waiting_.end(), next, &later), next);
  }
  if (!waiting_.empty())
    shard_.arm_exactly(*this, std::chrono::ceil<Milliseconds>(waiting_.back().due - shard_.now()));
}

}  // namespace togglecast::engineio
