// What adapters and bridges count. Thread rule: any thread (relaxed).
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>

namespace togglecast::adapters {

struct Counters {
  std::atomic<std::uint64_t> received{0};     ///< messages of other servers and emitters, read and used
  std::atomic<std::uint64_t> malformed{0};    ///< messages that were dropped: unreadable, or over a limit
  std::atomic<std::uint64_t> unpublished{0};  ///< messages of this server that Redis did not take
};
using CountersPtr = std::shared_ptr<Counters>;

}  // namespace togglecast::adapters
