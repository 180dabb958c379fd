// Random states of a catalogue with one package and two clients, for tests that compare two ways to write
// views.
#pragma once

#include <gtest/gtest.h>

#include <random>
#include <string>
#include <vector>

#include "unit/domain/builders.hpp"

namespace togglecast::domain::testing {

class RandomViews : public ::testing::Test {
 protected:
  std::size_t below(std::size_t n) { return random_() % n; }
  bool coin() { return below(2) == 0; }

  // Names as people and attackers write them.
  std::string words() {
    static const std::vector<std::string> kParts = {"checkout",
                                                    "\"",
                                                    "\\",
                                                    "\xc3\xa9",
                                                    "\xf0\x9f\x98\x80",
                                                    "/",
                                                    "</script>",
                                                    " ",
                                                    "a rather long name of something"};
    std::string out = "x";
    for (std::size_t i = below(6); i > 0; --i) out += kParts[below(kParts.size())];
    return out;
  }
  json::value scalar() {
    switch (below(6)) {
      case 0:
        return json::value(words());
      case 1:
        return json::value(words() + "\x01\n\x7f\xed\xa0\x80" + words());
      case 2:
        return static_cast<std::int64_t>(below(1'000'000)) - 500'000;
      case 3:
        return static_cast<double>(below(1'000'000)) / 7;
      case 4:
        return coin();
      default:
        return nullptr;
    }
  }
  json::object object() {
    json::object out;
    for (std::size_t i = below(4); i > 0; --i) out[words()] = scalar();
    if (coin()) out["list"] = json::array{scalar(), scalar()};
    if (coin()) out["inner"] = json::object{{"a", scalar()}};
    return out;
  }
  // `state`, `variants`, `defaultVariant` and `targeting` of one type of value.
  json::object flag() {
    json::object variants;
    switch (below(4)) {
      case 0:
        variants = {{"on", true}, {"off", false}};
        break;
      case 1:
        variants = {{"on", words()}, {"off", words()}};
        break;
      case 2:
        variants = {{"on", 1.5}, {"off", static_cast<std::int64_t>(below(9))}};
        break;
      default:
        variants = {{"on", object()}, {"off", object()}};
    }
    json::object out{{"variants", std::move(variants)}};
    if (coin()) out["defaultVariant"] = coin() ? "on" : "off";
    if (below(5) == 0) out["state"] = "DISABLED";
    if (coin()) out["targeting"] = parse(R"({"if":[{"==":[{"var":"region"},"eu"]},"on",null]})");
    return out;
  }
  Assets assets() {
    Assets out;
    for (std::size_t i = below(3); i > 0; --i)
      put_asset(out, {"a" + std::to_string(i), std::string(64, 'a'), static_cast<std::int64_t>(below(99)) + 1,
                      "image/png"});
    return out;
  }
  Feature some_feature(Id id) {
    json::object more = flag();
    if (id > 1 && below(4) == 0) more["requires"] = json::array{id - 1};
    if (coin()) more["platforms"] = json::array{1};
    if (coin()) {
      json::array subs;
      for (const char* key : {"one", "two"}) {
        json::object sub = flag();
        sub["key"] = key;
        sub["name"] = words();
        subs.push_back(std::move(sub));
      }
      more["sub_features"] = std::move(subs);
    }
    auto made = feature(id, "f" + std::to_string(id), json::serialize(more));
    made.name = words();
    made.assets = assets();
    return made;
  }
  SnapshotPtr some_state() {
    std::vector<Op> ops;
    for (Id id = 1; id <= 3; ++id) {
      auto one = platform(id, "p" + std::to_string(id), coin());
      one.name = words();
      one.config = object();
      one.assets = assets();
      ops.push_back(create(one));
    }
    std::string listed;
    for (Id id = 1; id <= 8; ++id) {
      ops.push_back(create(some_feature(id)));
      if (coin()) continue;
      listed += std::string(listed.empty() ? "" : ",") + R"({"feature_id":)" + std::to_string(id) +
                (coin() ? R"(,"limit":)" + std::to_string(below(100)) : "") +
                (coin() ? R"(,"sub_features":["two"])" : "") + "}";
    }
    auto plan = package(1, "pro", "[]", coin() ? "[1,2]" : "[]");
    plan.plan.features = package(1, "pro", "[" + listed + "]").plan.features;
    plan.name = words();
    plan.description = words();
    ops.push_back(create(plan));
    for (Id id = 1; id <= 2; ++id) {
      auto one = client(id, "c" + std::to_string(id), below(4) != 0);
      if (id == 1) one.package_id = 1;
      one.name = words();
      one.attributes = {{"one", scalar()}, {"two", object()}};
      if (coin()) one.visible_attributes = {"absent", "one", "two"};
      for (const Id of : {3, 5}) {
        evaluation::Override given;
        given.feature = of;
        given.removed = coin();
        if (!given.removed) given.value = coin() ? json::value(true) : json::value(words());
        if (coin()) one.overrides.push_back(std::move(given));
      }
      ops.push_back(create(one));
    }
    return step(empty_snapshot(), std::move(ops));
  }

  std::mt19937 random_;
};

}  // namespace togglecast::domain::testing
