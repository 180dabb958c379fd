// The history of several nodes as one.
#include "realtime/monitor/history_wire.hpp"

#include <gtest/gtest.h>

#include <array>
#include <cmath>
#include <limits>
#include <string_view>
#include <vector>

#include "realtime/monitor/dashboard_series.hpp"

namespace togglecast::realtime {
namespace {

using observe::History;
using observe::HistorySeries;
using observe::Shown;
using observe::Together;

constexpr float kNothing = std::numeric_limits<float>::quiet_NaN();
constexpr std::array<HistorySeries, 3> kOfNodes{{
    {"connections", "", "1", Shown::mean, Together::sum, {}},
    {"lag", "", "ms", Shown::highest, Together::highest, {}},
    {"up", "", "1", Shown::lowest, Together::lowest, {}},
}};

TEST(HistoryOfNodes, IsAddedUpSecondBySecond) {
  const std::vector<NodeHistory> nodes{
      {"id-a", "a", {{100, 101, 102}, {{1, 2, 3}, {5, 5, kNothing}, {1, 1, 1}}}},
      {"id-b", "b", {{101, 102, 103}, {{10, 20, 30}, {7, 1.25F, 9}, {1, 0, 1}}}}};

  EXPECT_EQ(json::serialize(to_json(kOfNodes, History::Step::second, nodes, 102)),
            R"({"resolution":"1s","times":[100,101,102],)"
            R"("total":[[1,12,23],[5,7,1.25],[1,1,0]],)"
            R"("nodes":[{"id":"id-a","name":"a","values":[[1,2,3],[5,5,null],[1,1,1]]},)"
            R"({"id":"id-b","name":"b","values":[[null,10,20],[null,7,1.25],[null,1,0]]}]})")
      << "103 is not settled";
}

TEST(HistoryOfNodes, OfAnotherVersionKeepsWhatBothKnow) {
  const History::Part part{{100}, {{4}, {8}, {1}}};
  constexpr std::array<HistorySeries, 2> kOther{{
      {"lag", "", "ms", Shown::highest, Together::highest, {}},
      {"new", "", "1", Shown::rate, Together::sum, {}},
  }};

  const auto read = history_in(kOther, to_wire(kOfNodes, part));

  EXPECT_EQ(read.times, (std::vector<std::int64_t>{100}));
  EXPECT_EQ(read.values.at(0), (std::vector<float>{8}));
  EXPECT_TRUE(std::isnan(read.values.at(1).at(0)));
}

TEST(HistoryOfNodes, WhatCannotBeReadIsEmpty) {
  const auto read = [](std::string_view wire) {
    return history_in(kOfNodes, json::parse(wire).value().get_object());
  };
  for (const char* wire :
       {"{}", R"({"keys":[],"times":["x"],"values":[]})", R"({"keys":7,"times":[1],"values":[]})"}) {
    EXPECT_TRUE(read(wire).times.empty()) << wire;
    EXPECT_EQ(read(wire).values.size(), kOfNodes.size());
  }
  const auto odd = read(R"({"keys":["lag "],"times":[5],"values":["x"]})");
  EXPECT_TRUE(std::isnan(odd.values.at(1).at(0)));
}

TEST(HistoryOfNodes, ANodeWithStrangeTimesMakesNoLongAnswer) {
  const std::vector<NodeHistory> nodes{{"a", "a", {{1'000'000}, {{1}, {1}, {1}}}},
                                       {"b", "b", {{5}, {{7}, {7}, {7}}}}};
  const auto body = to_json(kOfNodes, History::Step::second, nodes, 1'000'000);
  EXPECT_EQ(body.at("times").as_array().size(), History::kept(History::Step::second));
}

TEST(HistoryOfNodes, TheTagIsThatOfItsContent) {
  std::vector<NodeHistory> nodes{{"a", "a", {{100, 101}, {{1, 1}, {1, 1}, {1, 1}}}}};
  const auto tag = tag_of(History::Step::second, nodes, 0, 101);
  EXPECT_EQ(tag_of(History::Step::second, nodes, 0, 101), tag);
  EXPECT_NE(tag_of(History::Step::ten_seconds, nodes, 0, 101), tag);
  EXPECT_NE(tag_of(History::Step::second, nodes, 100, 101), tag);
  EXPECT_NE(tag_of(History::Step::second, nodes, 0, 100), tag);
  nodes.push_back({"b", "b", {}});
  EXPECT_NE(tag_of(History::Step::second, nodes, 0, 101), tag);
}

TEST(DashboardSeries, HaveNamesOfTheirOwn) {
  for (std::size_t i = 0; i < kDashboardSeries.size(); ++i)
    for (std::size_t j = 0; j < i; ++j)
      EXPECT_FALSE(kDashboardSeries[i].name == kDashboardSeries[j].name &&
                   kDashboardSeries[i].of == kDashboardSeries[j].of)
          << kDashboardSeries[i].name << ' ' << kDashboardSeries[i].of;
  const observe::History history(kDashboardSeries);
  EXPECT_LT(history.bytes(), 300'000U);
}

}  // namespace
}  // namespace togglecast::realtime
