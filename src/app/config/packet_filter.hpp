// The value of `--log-packets`. Thread rule: plain values.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.hpp"

namespace togglecast::app {

/// Which connections. Each item is `all`, `client:KEY`, `admin:USERNAME` or `address:ADDRESS`.
class PacketFilter {
 public:
  /// `invalid_argument` quotes the item.
  [[nodiscard]] static Result<PacketFilter> parse(const std::vector<std::string>& items);

  enum class Verdict : std::uint8_t { no, yes, when_named };
  [[nodiscard]] Verdict judge(const std::string& address) const;
  [[nodiscard]] bool includes(std::string_view kind, std::string_view name) const;

 private:
  bool all_ = false;
  std::vector<std::string> addresses_;  // in their canonical form
  std::vector<std::string> names_;      // `client:acme`
};

}  // namespace togglecast::app
