// What an admin must do before a session may do anything else. Thread rule: plain values.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <string_view>

namespace togglecast::auth {

enum class Duty : std::uint8_t {
  none,
  new_password,   ///< the password is the first one, which others may have seen
  second_factor,  ///< the settings ask this account for a second factor, and it has none
};

/// The `code` of a refusal over REST, and the member of the answer to a login: `password_change_required`.
[[nodiscard]] constexpr std::string_view to_string(Duty duty) noexcept {
  switch (duty) {
    case Duty::none:
      break;
    case Duty::new_password:
      return "password_change_required";
    case Duty::second_factor:
      return "second_factor_setup_required";
  }
  return {};
}

/// A set of duties.
class Duties {
 public:
  constexpr Duties() noexcept = default;
  constexpr Duties(std::initializer_list<Duty> duties) noexcept {
    for (const Duty duty : duties) bits_ |= bit(duty);
  }
  [[nodiscard]] constexpr bool contains(Duty duty) const noexcept { return (bits_ & bit(duty)) != 0; }

 private:
  static constexpr unsigned bit(Duty duty) noexcept { return 1U << static_cast<unsigned>(duty); }
  unsigned bits_ = 0;
};

}  // namespace togglecast::auth
