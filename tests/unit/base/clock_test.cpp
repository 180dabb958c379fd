#include "base/clock.hpp"

#include <gtest/gtest.h>

namespace togglecast {
namespace {

TEST(Iso8601, IsWrittenInUtcWithMilliseconds) {
  EXPECT_EQ(to_iso8601({0}), "1970-01-01T00:00:00.000Z");
  EXPECT_EQ(to_iso8601({1'700'000'000'042}), "2023-11-14T22:13:20.042Z");
  EXPECT_EQ(to_iso8601({951'782'400'000}), "2000-02-29T00:00:00.000Z");
  EXPECT_EQ(to_iso8601({-1}), "1969-12-31T23:59:59.999Z");
  EXPECT_EQ(to_iso8601({-1'000}), "1969-12-31T23:59:59.000Z");
  EXPECT_EQ(to_iso8601({1'700'000'000'042}), "2023-11-14T22:13:20.042Z");
  EXPECT_EQ(to_iso8601({1'700'000'000'999}), "2023-11-14T22:13:20.999Z");
  EXPECT_EQ(to_iso8601({1'700'000'001'000}), "2023-11-14T22:13:21.000Z");
}

TEST(Iso8601, IsReadBack) {
  for (const std::int64_t time : {std::int64_t{0}, std::int64_t{1'700'000'000'042}, std::int64_t{-86'400'001},
                                  std::int64_t{253'402'300'799'999}}) {
    EXPECT_EQ(parse_iso8601(to_iso8601({time})).value().value, time);
  }
}

TEST(Iso8601, MayHaveAFractionAndAnOffset) {
  EXPECT_EQ(parse_iso8601("1970-01-01T00:00:01Z").value().value, 1000);
  EXPECT_EQ(parse_iso8601("1970-01-01T00:00:00.5Z").value().value, 500);
  EXPECT_EQ(parse_iso8601("1970-01-01T00:00:00.123456789Z").value().value, 123);
  EXPECT_EQ(parse_iso8601("1970-01-01T01:30:00+01:30").value().value, 0);
  EXPECT_EQ(parse_iso8601("1969-12-31T23:00:00-01:00").value().value, 0);
}

TEST(Iso8601, IsRefusedWhenMalformed) {
  for (const auto* text : {"",
                           "1970",
                           "1970-01-01",
                           "1970-01-01T00:00:00",
                           "1970-01-01 00:00:00Z",
                           "1970-13-01T00:00:00Z",
                           "1970-00-01T00:00:00Z",
                           "1970-02-30T00:00:00Z",
                           "2023-02-29T00:00:00Z",
                           "1970-01-01T24:00:00Z",
                           "1970-01-01T00:60:00Z",
                           "1970-01-01T00:00:60Z",
                           "1970-01-01T00:00:00.Z",
                           "1970-01-01T00:00:00.1234567890Z",
                           "1970-01-01T00:00:00+1:00",
                           "1970-01-01T00:00:00+24:00",
                           "1970-01-01T00:00:00Zx",
                           "1970-01-01T00:00:00z",
                           "-970-01-01T00:00:00Z",
                           "1970-1-01T00:00:00Z"}) {
    const auto time = parse_iso8601(text);
    ASSERT_FALSE(time) << text;
    EXPECT_EQ(time.error().code, Errc::parse_error);
  }
}

TEST(ManualClock, MovesOnlyWhenToldTo) {
  ManualClock clock({5000});
  const TimePoint start = clock.now();

  clock.advance(Milliseconds{250});

  EXPECT_EQ(clock.now() - start, Milliseconds{250});
  EXPECT_EQ(clock.wall_now().value, 5250);
}

TEST(SystemClock, NeverGoesBack) {
  const SystemClock clock;
  const TimePoint first = clock.now();

  EXPECT_GE(clock.now(), first);
  EXPECT_GT(clock.wall_now().value, 1'600'000'000'000);
}

}  // namespace
}  // namespace togglecast
