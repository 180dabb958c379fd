// What clients reported, by time: spans, bounds, and what nodes tell each other.
#include "realtime/monitor/reported_history.hpp"

#include <gtest/gtest.h>

#include <string>

namespace togglecast::realtime {
namespace {

constexpr std::int64_t kBegin = 1'700'000'000;  // the begin of a span
constexpr std::int64_t kSoon = kBegin + 3'000;  // after all spans, within the hour

UnixMillis second(std::int64_t after) { return {(kBegin + after) * 1'000}; }

Sample sample(const std::string& name, double value) { return {name, "{}", value, {}}; }

TEST(ReportedHistory, AddsUpWhatCameInTenSeconds) {
  ReportedHistory history;
  history.add("production", {sample("load", 2), sample("load", 4)}, second(0));
  history.add("production", {sample("load", 9)}, second(9));
  history.add("production", {sample("load", 1)}, second(25));
  history.add("staging", {sample("load", 100)}, second(25));

  EXPECT_EQ(json::serialize(to_json(history.of("production", 0, kSoon))),
            R"({"resolution":"10s","times":[1700000010,1700000020,1700000030],"metrics":[)"
            R"({"name":"load","count":[3,0,1],"mean":[5,null,1],"min":[2,null,1],"max":[9,null,1]}]})");
  EXPECT_TRUE(history.of("nowhere", 0, kSoon).empty());
}

TEST(ReportedHistory, ShowsSpansThatHaveEndedAndAreNew) {
  ReportedHistory history;
  for (int i = 0; i < 3; ++i) history.add("production", {sample("load", i)}, second(10 * i));
  const auto shown = [&](std::int64_t since, std::int64_t until) {
    return json::serialize(to_json(history.of("production", since, until)).at("times"));
  };
  EXPECT_EQ(shown(0, kBegin + 20), "[1700000010,1700000020]") << "the third has not ended";
  EXPECT_EQ(shown(kBegin + 10, kBegin + 30), "[1700000020,1700000030]");
  EXPECT_EQ(shown(kBegin + 30, kBegin + 30), "[]");
}

TEST(ReportedHistory, KeepsAnHour) {
  ReportedHistory history;
  for (int i = 0; i < 500; ++i) history.add("production", {sample("load", i)}, second(10 * i));
  const auto kept = history.of("production", 0, kBegin + 5'000);
  ASSERT_EQ(kept.at("load").size(), ReportedHistory::kSpans);
  EXPECT_EQ(kept.at("load").front().sum, 140);
}

TEST(ReportedHistory, ANewNameTakesNoPlaceFromOneThatIsReported) {
  ReportedHistory history;
  for (std::size_t i = 0; i < ReportedHistory::kMostNames; ++i)
    history.add("production", {sample("name" + std::to_string(i), 1)}, second(static_cast<std::int64_t>(i)));
  history.add("production", {sample("new", 1)}, second(60));
  EXPECT_FALSE(history.of("production", 0, kSoon).contains("new"));

  history.add("production", {sample("new", 1)}, second(3'700));
  const auto kept = history.of("production", 0, kBegin + 3'710);
  EXPECT_TRUE(kept.contains("new")) << "the first one was silent for an hour";
  EXPECT_FALSE(kept.contains("name0"));
  EXPECT_LE(kept.size(), ReportedHistory::kMostNames);
}

TEST(ReportedHistory, TravelsBetweenNodesAndAddsUp) {
  ReportedHistory here;
  ReportedHistory there;
  here.add("production", {sample("load", 2)}, second(0));
  there.add("production", {sample("load", 8)}, second(0));
  there.add("production", {sample("heat", 1)}, second(10));
  MetricSpans all = here.of("production", 0, kSoon);

  merge(all, metric_spans_in(to_wire(there.of("production", 0, kSoon))));

  EXPECT_EQ(all.at("load").at(0).count, 2U);
  EXPECT_EQ(all.at("load").at(0).sum, 10);
  EXPECT_EQ(all.at("load").at(0).most, 8);
  EXPECT_EQ(all.at("heat").size(), 1U);
}

TEST(ReportedHistory, WhatCannotBeReadIsLeftOut) {
  const auto read = [](std::string_view wire) {
    return metric_spans_in(json::parse(wire).value().get_object());
  };
  EXPECT_TRUE(read("{}").empty());
  EXPECT_TRUE(read(R"({"metrics":7})").empty());
  EXPECT_TRUE(read(R"({"metrics":[7,["x"],["x",7],["x",[7,[1,2],[1,-1,0,0,0],[1,1,"a",0,0]]]]})").empty());
  EXPECT_EQ(read(R"({"metrics":[["x",[[1,1,5,5,5],7]]]})").at("x").size(), 1U);
}

}  // namespace
}  // namespace togglecast::realtime
