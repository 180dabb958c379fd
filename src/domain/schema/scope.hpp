// The scopes of API keys. What each opens is in `auth/permissions.hpp`. Thread rule: plain values.
#pragma once

#include <array>
#include <cstdint>
#include <initializer_list>
#include <optional>
#include <string_view>

namespace togglecast::domain {

enum class Scope : std::uint8_t {
  read,
  write_platforms,
  write_features,
  write_segments,
  write_packages,
  write_clients,
  evaluate,
  stream,
  flagd,
};
inline constexpr std::array kAllScopes{Scope::read,           Scope::write_platforms, Scope::write_features,
                                       Scope::write_segments, Scope::write_packages,  Scope::write_clients,
                                       Scope::evaluate,       Scope::stream,          Scope::flagd};

/// `write:platforms`
[[nodiscard]] std::string_view to_string(Scope scope) noexcept;
[[nodiscard]] std::optional<Scope> parse_scope(std::string_view text) noexcept;

class Scopes {
 public:
  constexpr Scopes() noexcept = default;
  constexpr Scopes(std::initializer_list<Scope> scopes) noexcept {
    for (const Scope scope : scopes) add(scope);
  }
  constexpr void add(Scope scope) noexcept { bits_ = static_cast<std::uint16_t>(bits_ | bit(scope)); }
  [[nodiscard]] constexpr bool contains(Scope scope) const noexcept { return (bits_ & bit(scope)) != 0; }
  [[nodiscard]] constexpr bool share_one_with(Scopes other) const noexcept {
    return (bits_ & other.bits_) != 0;
  }
  [[nodiscard]] constexpr bool empty() const noexcept { return bits_ == 0; }
  friend constexpr bool operator==(Scopes, Scopes) noexcept = default;

 private:
  static constexpr std::uint16_t bit(Scope scope) noexcept {
    return static_cast<std::uint16_t>(1U << static_cast<unsigned>(scope));
  }
  std::uint16_t bits_ = 0;
};
static_assert(kAllScopes.size() <= 16, "each scope has a bit");

}  // namespace togglecast::domain
