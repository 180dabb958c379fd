#include "observe/limit_lines.hpp"

#include <utility>

namespace togglecast::observe {

std::optional<std::uint64_t> LimitLines::judge(std::string_view limit, TimePoint now) {
  const std::scoped_lock lock(mutex_);
  auto found = entries_.find(limit);
  if (found == entries_.end()) found = entries_.emplace(limit, Entry{}).first;
  Entry& entry = found->second;
  ++entry.times;
  if (now < entry.next) return std::nullopt;
  entry.next = now + kPause;
  return std::exchange(entry.times, 0);
}

}  // namespace togglecast::observe
