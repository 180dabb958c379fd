#include "engineio/departures.hpp"

#include <algorithm>

#include "base/random.hpp"

namespace togglecast::engineio {

void Departures::begin(const std::vector<SessionId>& sessions, Milliseconds window) {
  const TimePoint now = shard_.now();
  const auto span = static_cast<std::uint64_t>(window.count()) + 1;
  waiting_.clear();
  waiting_.reserve(sessions.size());
  for (const SessionId& id : sessions)
    waiting_.push_back({now + Milliseconds{random_below(shard_.random(), span)}, id});
  std::sort(waiting_.begin(), waiting_.end(),
            [](const Departure& a, const Departure& b) { return a.due > b.due; });
  on_timer(now);
}

void Departures::on_timer(TimePoint now) {
  while (!waiting_.empty() && waiting_.back().due <= now) {
    const SessionId id = waiting_.back().id;
    waiting_.pop_back();
    leave_(id);
  }
  if (!waiting_.empty())
    shard_.arm(*this, std::chrono::ceil<Milliseconds>(waiting_.back().due - shard_.now()));
}

}  // namespace togglecast::engineio
