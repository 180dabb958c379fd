#include "base/clock.hpp"

#include <cstdlib>
#include <limits>

#include "base/random.hpp"

namespace togglecast {
namespace {

using Days = std::chrono::sys_days;

// Reads exactly `digits` decimal digits and moves on.
std::optional<int> take_number(std::string_view& text, std::size_t digits) {
  if (text.size() < digits) return std::nullopt;
  int number = 0;
  for (std::size_t i = 0; i < digits; ++i) {
    const char c = text[i];
    if (c < '0' || c > '9') return std::nullopt;
    number = number * 10 + (c - '0');
  }
  text.remove_prefix(digits);
  return number;
}

bool take_char(std::string_view& text, char expected) {
  if (text.empty() || text.front() != expected) return false;
  text.remove_prefix(1);
  return true;
}

// Milliseconds from `.123456789`; further digits are cut off.
std::optional<int> take_fraction(std::string_view& text) {
  if (!take_char(text, '.')) return 0;
  int milliseconds = 0;
  std::size_t digits = 0;
  while (digits < 9 && !text.empty() && text.front() >= '0' && text.front() <= '9') {
    if (digits < 3) milliseconds = milliseconds * 10 + (text.front() - '0');
    text.remove_prefix(1);
    ++digits;
  }
  if (digits == 0) return std::nullopt;
  for (; digits < 3; ++digits) milliseconds *= 10;
  return milliseconds;
}

std::optional<int> take_offset_minutes(std::string_view& text) {
  if (take_char(text, 'Z')) return 0;
  const bool negative = !text.empty() && text.front() == '-';
  if (!negative && (text.empty() || text.front() != '+')) return std::nullopt;
  text.remove_prefix(1);
  const auto hours = take_number(text, 2);
  if (!hours || *hours > 23 || !take_char(text, ':')) return std::nullopt;
  const auto minutes = take_number(text, 2);
  if (!minutes || *minutes > 59) return std::nullopt;
  const int total = *hours * 60 + *minutes;
  return negative ? -total : total;
}

// So many digits, and what follows them. Numbers that have more get them all.
void append_padded(std::string& out, std::int64_t number, int digits, char next) {
  char text[20];
  char* const end = text + sizeof text;
  char* begin = end;
  *--begin = next;
  for (; digits > 0 || number != 0; --digits, number /= 10) *--begin = static_cast<char>('0' + number % 10);
  out.append(begin, static_cast<std::size_t>(end - begin));
}

// `2026-12-01T09:30:00.`
std::string to_the_second(std::chrono::sys_seconds second) {
  const auto day = std::chrono::floor<std::chrono::days>(second);
  const std::chrono::year_month_day date{day};
  const std::chrono::hh_mm_ss clock{second - day};
  std::string text;
  if (static_cast<int>(date.year()) < 0) text += '-';
  append_padded(text, std::abs(static_cast<int>(date.year())), 4, '-');
  append_padded(text, static_cast<unsigned>(date.month()), 2, '-');
  append_padded(text, static_cast<unsigned>(date.day()), 2, 'T');
  append_padded(text, clock.hours().count(), 2, ':');
  append_padded(text, clock.minutes().count(), 2, ':');
  append_padded(text, clock.seconds().count(), 2, '.');
  return text;
}

}  // namespace

UnixMillis SystemClock::wall_now() const noexcept {
  const auto since = std::chrono::system_clock::now().time_since_epoch();
  return {std::chrono::duration_cast<Milliseconds>(since).count()};
}

std::optional<std::uint64_t> SystemClock::jitter_seed() const {
  SystemRandom random;
  return random_below(random, std::numeric_limits<std::uint64_t>::max());
}

void append_iso8601(std::string& out, UnixMillis time) {
  // Many times of one second are written one after another.
  thread_local std::chrono::sys_seconds known = std::chrono::sys_seconds::max();
  thread_local std::string known_text;
  const std::chrono::sys_time<Milliseconds> point{Milliseconds{time.value}};
  const auto second = std::chrono::floor<std::chrono::seconds>(point);
  if (second != known) {
    known_text = to_the_second(second);
    known = second;
  }
  out += known_text;
  append_padded(out, (point - second).count(), 3, 'Z');
}

std::string to_iso8601(UnixMillis time) {
  constexpr std::size_t kUsual = 24;
  std::string text;
  text.reserve(kUsual);
  append_iso8601(text, time);
  return text;
}

Result<UnixMillis> parse_iso8601(std::string_view text) {
  const auto bad = [] {
    return fail(Errc::parse_error, "not an ISO 8601 time such as 2026-11-23T08:15:30.042Z");
  };
  const auto year = take_number(text, 4);
  if (!year || !take_char(text, '-')) return bad();
  const auto month = take_number(text, 2);
  if (!month || !take_char(text, '-')) return bad();
  const auto day = take_number(text, 2);
  if (!day || !take_char(text, 'T')) return bad();
  const std::chrono::year_month_day date{std::chrono::year{*year},
                                         std::chrono::month{static_cast<unsigned>(*month)},
                                         std::chrono::day{static_cast<unsigned>(*day)}};
  if (!date.ok()) return bad();
  const auto hour = take_number(text, 2);
  if (!hour || *hour > 23 || !take_char(text, ':')) return bad();
  const auto minute = take_number(text, 2);
  if (!minute || *minute > 59 || !take_char(text, ':')) return bad();
  const auto second = take_number(text, 2);
  if (!second || *second > 59) return bad();
  const auto fraction = take_fraction(text);
  if (!fraction) return bad();
  const auto offset = take_offset_minutes(text);
  if (!offset || !text.empty()) return bad();
  const auto since = Days{date}.time_since_epoch() + std::chrono::hours{*hour} +
                     std::chrono::minutes{*minute - *offset} + std::chrono::seconds{*second};
  return UnixMillis{std::chrono::duration_cast<Milliseconds>(since).count() + *fraction};
}

}  // namespace togglecast
