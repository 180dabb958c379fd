// Recovery codes: for an admin that has lost the app of its second factor. Each works once. They are random,
// with 80 bits, so a plain digest at rest tells nothing. Thread rule: pure functions.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/random.hpp"
#include "base/secret.hpp"

namespace togglecast::auth {

inline constexpr std::size_t kRecoveryCodes = 10;

/// `4xw2-a9kf-…`: 16 letters and digits in groups, without l, o, 0 and 1.
[[nodiscard]] std::vector<Secret> random_recovery_codes(RandomSource& random);

/// SHA-256 in hex. Spaces, dashes and the case of letters do not count.
[[nodiscard]] std::string digest_of_recovery_code(std::string_view code);

}  // namespace togglecast::auth
