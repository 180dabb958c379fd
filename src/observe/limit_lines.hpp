// How often each limit was passed, and when its next line is due. Thread rule: any thread may call. Internal
// to `observe`.
#pragma once

#include <cstdint>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>

#include "base/clock.hpp"

namespace togglecast::observe {

class LimitLines {
 public:
  /// Between two lines of one limit.
  static constexpr Milliseconds kPause{10'000};

  /// A client passed this limit. How often that happened since its last line, this time included, when
  /// another line is due.
  [[nodiscard]] std::optional<std::uint64_t> judge(std::string_view limit, TimePoint now);

 private:
  struct Entry {
    std::uint64_t times = 0;
    TimePoint next{};
  };

  std::mutex mutex_;
  std::map<std::string, Entry, std::less<>> entries_;  // limits are few
};

}  // namespace togglecast::observe
