// Versions for flagd's `sem_ver`: Semantic Versioning 2.0.0, with an optional leading
// `v`, and with minor and patch left out when they are 0. Thread rule: plain values.
#pragma once

#include <compare>
#include <cstdint>
#include <optional>
#include <string_view>

namespace togglecast::domain::evaluation {

/// Points into the text it was read from. Numbers may have any length.
struct Version {
  std::string_view major;
  std::string_view minor = "0";
  std::string_view patch = "0";
  std::string_view prerelease;  ///< `alpha.1`; empty for a release. Build metadata are ignored

  [[nodiscard]] static std::optional<Version> parse(std::string_view text) noexcept;
  /// The precedence of Semantic Versioning, section 11.
  friend std::strong_ordering operator<=>(const Version& a, const Version& b) noexcept;
  friend bool operator==(const Version& a, const Version& b) noexcept { return (a <=> b) == 0; }
};

enum class VersionComparison : std::uint8_t {
  equal,
  not_equal,
  less,
  less_equal,
  greater,
  greater_equal,
  same_minor,  ///< `~`
  same_major,  ///< `^`
};
[[nodiscard]] std::optional<VersionComparison> parse_version_comparison(std::string_view text) noexcept;
[[nodiscard]] bool compare(const Version& a, VersionComparison comparison, const Version& b) noexcept;

}  // namespace togglecast::domain::evaluation
