#include "domain/evaluation/jsonlogic/sem_ver.hpp"

#include <algorithm>

namespace togglecast::domain::evaluation {
namespace {

bool is_digit(char c) noexcept { return c >= '0' && c <= '9'; }
bool is_identifier_character(char c) noexcept {
  return is_digit(c) || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '-';
}

// Takes a number without leading zeros off `text`; empty when there is none.
std::string_view take_number(std::string_view& text) noexcept {
  const auto digits =
      static_cast<std::size_t>(std::find_if_not(text.begin(), text.end(), is_digit) - text.begin());
  if (digits == 0 || (digits > 1 && text[0] == '0')) return {};
  const std::string_view number = text.substr(0, digits);
  text.remove_prefix(digits);
  return number;
}

bool is_number(std::string_view identifier) noexcept {
  return std::all_of(identifier.begin(), identifier.end(), is_digit);
}

std::string_view take_identifier(std::string_view& rest) noexcept {
  const std::size_t dot = rest.find('.');
  const std::string_view identifier = rest.substr(0, dot);
  rest = dot == std::string_view::npos ? std::string_view{} : rest.substr(dot + 1);
  return identifier;
}

// Identifiers separated by dots, none empty; in a pre-release, numbers have no leading zeros.
bool are_identifiers(std::string_view text, bool numbers_are_plain) noexcept {
  if (text.empty() || text.back() == '.') return false;
  while (!text.empty()) {
    const std::string_view identifier = take_identifier(text);
    if (identifier.empty() || !std::all_of(identifier.begin(), identifier.end(), is_identifier_character)) {
      return false;
    }
    if (numbers_are_plain && identifier.size() > 1 && identifier[0] == '0' && is_number(identifier))
      return false;
  }
  return true;
}

std::strong_ordering compare_numbers(std::string_view a, std::string_view b) noexcept {
  if (a.size() != b.size()) return a.size() <=> b.size();
  return a.compare(b) <=> 0;
}

std::strong_ordering compare_identifiers(std::string_view a, std::string_view b) noexcept {
  if (is_number(a) != is_number(b)) {
    return is_number(a) ? std::strong_ordering::less : std::strong_ordering::greater;
  }
  return is_number(a) ? compare_numbers(a, b) : a.compare(b) <=> 0;
}

std::strong_ordering compare_prereleases(std::string_view a, std::string_view b) noexcept {
  if (a.empty() || b.empty()) return a.empty() <=> b.empty();  // a release comes after its pre-releases
  while (!a.empty() && !b.empty()) {
    const auto order = compare_identifiers(take_identifier(a), take_identifier(b));
    if (order != 0) return order;
  }
  return b.empty() <=> a.empty();
}

}  // namespace

std::optional<Version> Version::parse(std::string_view text) noexcept {
  if (text.starts_with('v') || text.starts_with('V')) text.remove_prefix(1);
  Version version;
  version.major = take_number(text);
  if (version.major.empty()) return std::nullopt;
  for (std::string_view* part : {&version.minor, &version.patch}) {
    if (text.empty()) return version;
    if (text[0] != '.') return std::nullopt;
    text.remove_prefix(1);
    *part = take_number(text);
    if (part->empty()) return std::nullopt;
  }
  const std::size_t plus = text.find('+');
  if (plus != std::string_view::npos) {
    if (!are_identifiers(text.substr(plus + 1), false)) return std::nullopt;
    text = text.substr(0, plus);
  }
  if (text.empty()) return version;
  if (text[0] != '-' || !are_identifiers(text.substr(1), true)) return std::nullopt;
  version.prerelease = text.substr(1);
  return version;
}

std::strong_ordering operator<=>(const Version& a, const Version& b) noexcept {
  if (const auto order = compare_numbers(a.major, b.major); order != 0) return order;
  if (const auto order = compare_numbers(a.minor, b.minor); order != 0) return order;
  if (const auto order = compare_numbers(a.patch, b.patch); order != 0) return order;
  return compare_prereleases(a.prerelease, b.prerelease);
}

std::optional<VersionComparison> parse_version_comparison(std::string_view text) noexcept {
  if (text == "=") return VersionComparison::equal;
  if (text == "!=") return VersionComparison::not_equal;
  if (text == "<") return VersionComparison::less;
  if (text == "<=") return VersionComparison::less_equal;
  if (text == ">") return VersionComparison::greater;
  if (text == ">=") return VersionComparison::greater_equal;
  if (text == "~") return VersionComparison::same_minor;
  if (text == "^") return VersionComparison::same_major;
  return std::nullopt;
}

bool compare(const Version& a, VersionComparison comparison, const Version& b) noexcept {
  switch (comparison) {
    case VersionComparison::equal:
      return a == b;
    case VersionComparison::not_equal:
      return a != b;
    case VersionComparison::less:
      return a < b;
    case VersionComparison::less_equal:
      return a <= b;
    case VersionComparison::greater:
      return a > b;
    case VersionComparison::greater_equal:
      return a >= b;
    case VersionComparison::same_minor:
      return a.major == b.major && a.minor == b.minor;
    case VersionComparison::same_major:
      return a.major == b.major;
  }
  return false;
}

}  // namespace togglecast::domain::evaluation
