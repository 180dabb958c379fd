#include "app/config/suggestion.hpp"

#include <algorithm>
#include <numeric>
#include <vector>

namespace togglecast::app {
namespace {

// Letters to insert, delete, replace or swap with their neighbour.
std::size_t distance(std::string_view a, std::string_view b) {
  std::vector<std::vector<std::size_t>> steps(a.size() + 1, std::vector<std::size_t>(b.size() + 1));
  std::iota(steps[0].begin(), steps[0].end(), 0);
  for (std::size_t i = 1; i <= a.size(); ++i) {
    steps[i][0] = i;
    for (std::size_t j = 1; j <= b.size(); ++j) {
      const std::size_t other = a[i - 1] == b[j - 1] ? 0 : 1;
      steps[i][j] = std::min({steps[i - 1][j] + 1, steps[i][j - 1] + 1, steps[i - 1][j - 1] + other});
      if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
        steps[i][j] = std::min(steps[i][j], steps[i - 2][j - 2] + 1);
    }
  }
  return steps[a.size()][b.size()];
}

}  // namespace

std::string nearest(std::string_view given, std::span<const std::string> known) {
  constexpr std::size_t kLongest = 60;  // a longer one is no mistyped name
  if (given.size() > kLongest) return {};
  std::string best;
  std::size_t least = given.size() / 3 + 1;
  for (const std::string& one : known) {
    // `tls-cert` for `tls-certificate`, `max-payload-size` for `max-payload`
    const bool begins = given.size() > 3 && (one.starts_with(given) || given.starts_with(one));
    const std::size_t steps = begins ? 1 : distance(given, one);
    if (steps > least || (steps == least && !best.empty())) continue;
    least = steps;
    best = one;
  }
  return best;
}

std::string did_you_mean(std::string_view given, std::span<const std::string> known) {
  const std::string meant = nearest(given, known);
  return meant.empty() ? std::string() : "; did you mean " + meant + "?";
}

}  // namespace togglecast::app
