// Where a connection comes from, in as few bytes as it takes: each connection has one. Thread rule: plain
// values; `SdkNames` for any thread.
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.hpp"
#include "base/error.hpp"
#include "base/json.hpp"

namespace togglecast::realtime {

struct ConnectionOrigin {
  /// Of the peer, as limits know it. An IPv4 address is mapped; all zero: not known.
  std::array<std::uint8_t, 16> address{};
  std::uint32_t since = 0;  ///< when the session began, seconds since 1970; 0: not known
  std::uint16_t sdk = 0;    ///< in `SdkNames`; 0: it did not say

  void set_address(std::string_view text) noexcept;
  void set_since(UnixMillis began) noexcept;
  /// Empty: not known.
  [[nodiscard]] std::string address_text() const;
  [[nodiscard]] UnixMillis began() const noexcept { return {std::int64_t{since} * 1'000}; }
};
static_assert(sizeof(ConnectionOrigin) <= 24, "each connection has one");

/// `sdk` of an auth object: name and version of the program that connects, such as `togglecast-js/1.2.0`.
/// Empty when absent; an error, which is no reason to refuse the connection, when it cannot be used.
[[nodiscard]] Result<std::string> sdk_in(const json::value& auth);

/// The names that connections have told, each kept once.
class SdkNames {
 public:
  static constexpr std::size_t kMost = 1'000;  ///< those that come later have no name

  /// 0 for an empty name, and when there are too many.
  [[nodiscard]] std::uint16_t number_of(const std::string& name);
  /// Empty for 0.
  [[nodiscard]] std::string name_of(std::uint16_t number) const;

 private:
  mutable std::mutex mutex_;
  std::vector<std::string> names_;
  std::map<std::string, std::uint16_t, std::less<>> numbers_;
};

}  // namespace togglecast::realtime
