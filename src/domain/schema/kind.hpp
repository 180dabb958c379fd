// The kinds of things that a change may touch. Thread rule: plain values.
#pragma once

#include <array>
#include <cstdint>
#include <initializer_list>
#include <optional>
#include <string_view>

namespace togglecast::domain {

/// In the order of their updates in a batch: an entity comes before the entities that refer to it.
enum class Kind : std::uint8_t {
  platform,
  feature,
  package,
  segment,
  client,
  token,
  admin,
  signing_key,
  environment,
  api_key,
  issuer,
  settings,
  second_factor,
};
inline constexpr std::array kAllKinds{Kind::platform,     Kind::feature, Kind::package, Kind::segment,
                                      Kind::client,       Kind::token,   Kind::admin,   Kind::signing_key,
                                      Kind::environment,  Kind::api_key, Kind::issuer,  Kind::settings,
                                      Kind::second_factor};

/// The `entity` of change ops and the `entity_type` of events: `platform`.
[[nodiscard]] std::string_view to_string(Kind kind) noexcept;
[[nodiscard]] std::optional<Kind> parse_kind(std::string_view text) noexcept;

/// A set of kinds, such as the kinds that a role may see.
class Kinds {
 public:
  constexpr Kinds() noexcept = default;
  constexpr Kinds(std::initializer_list<Kind> kinds) noexcept {
    for (const Kind kind : kinds) bits_ |= bit(kind);
  }
  [[nodiscard]] static constexpr Kinds all() noexcept {
    Kinds every;
    every.bits_ = ~0U;
    return every;
  }
  constexpr void add(Kind kind) noexcept { bits_ |= bit(kind); }
  [[nodiscard]] constexpr bool contains(Kind kind) const noexcept { return (bits_ & bit(kind)) != 0; }
  friend constexpr bool operator==(Kinds, Kinds) noexcept = default;

 private:
  static constexpr std::uint32_t bit(Kind kind) noexcept { return 1U << static_cast<unsigned>(kind); }
  std::uint32_t bits_ = 0;
};

/// Entities of the installation; the environment `system` has them.
inline constexpr Kinds kInstallationKinds{Kind::admin,  Kind::signing_key, Kind::environment,  Kind::api_key,
                                          Kind::issuer, Kind::settings,    Kind::second_factor};

}  // namespace togglecast::domain
