#include "nodes/beacon.hpp"

#include <gtest/gtest.h>

namespace togglecast::nodes {
namespace {

Beacon sample() {
  Beacon beacon;
  beacon.name = "eu-1";
  beacon.version = "1.2.0";
  beacon.started_at = {1'700'000'000'000};
  beacon.draining = true;
  beacon.cpu = 0.25;
  beacon.lag_ms = 3.5;
  beacon.environments["production"] = {2, 17, {1, 900}, {1'700'000'000'123}};
  return beacon;
}

TEST(Beacon, ReadsWhatItWrites) {
  const auto read = read_beacon(to_json(sample()));

  ASSERT_TRUE(read.has_value());
  EXPECT_EQ(to_json(*read), to_json(sample()));
  EXPECT_EQ(read->environments.at("production").connections.clients, 900U);
  EXPECT_TRUE(read->draining);
  EXPECT_FALSE(read->leaving);
}

TEST(Beacon, IgnoresMembersOfALaterVersion) {
  json::object newer = to_json(sample());
  newer["colour"] = "red";
  newer["environments"].as_object()["production"].as_object()["shoes"] = 2;

  EXPECT_EQ(to_json(*read_beacon(newer)), to_json(sample()));
}

TEST(Beacon, IsRefusedWithoutWhatItNeeds) {
  const auto refused = [](auto&& change) {
    json::object body = to_json(sample());
    change(body);
    return !read_beacon(body).has_value();
  };

  EXPECT_TRUE(refused([](json::object& body) { body.erase("name"); }));
  EXPECT_TRUE(refused([](json::object& body) { body["name"] = std::string(201, 'n'); }));
  EXPECT_TRUE(refused([](json::object& body) { body["started_at"] = -1; }));
  EXPECT_TRUE(refused([](json::object& body) { body["environments"] = 7; }));
  EXPECT_TRUE(
      refused([](json::object& body) { body["environments"].as_object()["no key!"] = json::object{}; }));
  EXPECT_TRUE(refused([](json::object& body) {
    body["environments"].as_object()["production"].as_object()["revision"] = "17";
  }));
}

TEST(Beacon, AHigherEpochIsAheadWhateverItsRevision) {
  const EnvironmentBeacon old{1, 90, {}, {}};
  const EnvironmentBeacon restored{2, 40, {}, {}};

  EXPECT_TRUE(restored.is_ahead_of(old));
  EXPECT_FALSE(old.is_ahead_of(restored));
  EXPECT_FALSE(old.is_ahead_of(old));
}

}  // namespace
}  // namespace togglecast::nodes
