// Makes the server one that kills itself: linked with src/app/main.cpp into togglecast-fail-points, which the
// crash tests start. The environment says where:
//   TOGGLECAST_FAIL_POINT=<name>         at the first passing of that place
//   TOGGLECAST_FAIL_POINT=<name>:<nth>   at a later one
//   TOGGLECAST_FAIL_POINT=list           nowhere: the names are printed instead
// Without the variable it is the server as it is.
#include "base/fail_point.hpp"

#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <charconv>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <string>

namespace togglecast {
namespace {

constexpr int kWrongSettings = 2;
constexpr const char* kVariable = "TOGGLECAST_FAIL_POINT";

FailPoint wanted{};
std::atomic<std::int64_t> passings_left{0};

// Nothing may run between the place and the end, so this is a plain write, and the signal is the one that no
// handler sees.
void kill_there(FailPoint place) noexcept {
  if (place != wanted || passings_left.fetch_sub(1) != 1) return;
  static constexpr std::string_view kEnd = "killed at the fail point\n";
  (void)!::write(STDERR_FILENO, kEnd.data(), kEnd.size());
  ::kill(::getpid(), SIGKILL);
  for (;;) ::pause();
}

[[noreturn]] void refuse(const std::string& why) {
  std::fprintf(stderr, "togglecast-fail-points: %s\n", why.c_str());
  std::_Exit(kWrongSettings);
}

void arm(std::string_view text) {
  const std::string_view name = text.substr(0, text.find(':'));
  const auto* const known = std::find(kFailPointNames.begin(), kFailPointNames.end(), name);
  if (known == kFailPointNames.end())
    refuse(std::string(kVariable) + ": there is no fail point '" + std::string(name) + "'");
  std::int64_t nth = 1;
  if (name.size() < text.size()) {
    const std::string_view number = text.substr(name.size() + 1);
    const auto [end, error] = std::from_chars(number.data(), number.data() + number.size(), nth);
    if (error != std::errc{} || end != number.data() + number.size() || nth < 1)
      refuse(std::string(kVariable) + ": behind the colon stands a number from 1 on");
  }
  wanted = static_cast<FailPoint>(known - kFailPointNames.begin());
  passings_left = nth;
  fail_point_hook = &kill_there;
}

// Before `main`, and so before any thread. The server must not see a variable that it does not know.
[[maybe_unused]] const bool kArmed = [] {
  const char* const value = std::getenv(kVariable);
  if (value == nullptr) return false;
  const std::string text(value);
  ::unsetenv(kVariable);
  if (text == "list") {
    for (const std::string_view name : kFailPointNames)
      std::printf("%.*s\n", static_cast<int>(name.size()), name.data());
    std::fflush(stdout);
    std::_Exit(0);
  }
  arm(text);
  return true;
}();

}  // namespace
}  // namespace togglecast
