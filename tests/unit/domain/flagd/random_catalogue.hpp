// Random catalogues of one client: rules over the client and the context, segments, requirements,
// sub-features, packages and overrides. Texts are compared with texts and numbers with numbers, as people
// write rules.
#pragma once

#include <random>
#include <string>
#include <vector>

#include "unit/domain/builders.hpp"

namespace togglecast::domain::flagd::testing {

using namespace domain::testing;

class RandomCatalogue {
 public:
  explicit RandomCatalogue(unsigned seed) : random_(seed) {}

  static constexpr Id kClient = 7;
  static constexpr Id kFeatures = 12;

  SnapshotPtr state() {
    std::vector<Op> ops{create(platform(1, "web")), create(platform(2, "app", chance(2)))};
    for (Id id = 1; id <= 3; ++id) {
      ops.push_back(create(segment(id, "s" + std::to_string(id), json::serialize(condition(2)))));
      segments_ = id;  // later ones may refer to it
    }
    for (Id id = 1; id <= kFeatures; ++id) ops.push_back(create(random_feature(id)));
    json::array assigned;
    for (Id id = 1; id <= kFeatures; ++id) {
      if (chance(6)) continue;
      json::object one{{"feature_id", id}};
      if (chance(3)) one["limit"] = number(0, 100);
      if (chance(4)) one["sub_features"] = json::array{"sub"};
      assigned.emplace_back(std::move(one));
    }
    ops.push_back(create(package(1, "pro", json::serialize(assigned), chance(3) ? "[1]" : "[]")));
    Client owner = client_on(kClient, "acme", 1);
    owner.active = !chance(20);
    owner.attributes = {{"tier", text()}, {"seats", number(0, 10)}, {"region", json::array{"de", "fr"}}};
    if (chance(2)) owner.attributes["beta"] = chance(2);
    for (Id id = 1; id <= kFeatures; ++id)
      if (chance(6)) owner.overrides.push_back(random_override(id));
    ops.push_back(create(owner));
    return step(empty_snapshot(), std::move(ops));
  }

  json::object context() {
    json::object out;
    if (chance(2)) out["targetingKey"] = "user-" + std::to_string(number(0, 1'000'000));
    if (chance(2)) out["plan"] = text();
    if (chance(2)) out["age"] = number(0, 10);
    if (chance(2)) out["beta"] = chance(2);
    if (chance(2)) out["version"] = version();
    if (chance(3)) out["client"] = {{"tier", "gold"}};
    if (chance(2)) out["tags"] = json::array{text(), text()};
    return out;
  }

 private:
  bool chance(int of) { return number(1, of) == 1; }
  std::int64_t number(std::int64_t least, std::int64_t most) {
    return std::uniform_int_distribution<std::int64_t>(least, most)(random_);
  }
  std::string text() {
    return std::vector<std::string>{"free", "pro", "gold", ""}[static_cast<std::size_t>(number(0, 3))];
  }
  std::string version() { return std::to_string(number(0, 3)) + '.' + std::to_string(number(0, 2)) + ".0"; }

  static json::value rule(std::string_view name, json::array arguments) {
    json::object out;
    out.emplace(name, std::move(arguments));
    return out;
  }
  static json::value var(std::string_view path) { return {{"var", path}}; }

  json::value text_rule() {
    switch (number(0, 6)) {
      case 0:
        return var("plan");
      case 1:
        return var("client.tier");
      case 2:
        return json::value(text());
      case 3:
        return rule("cat", {var("client.tier"), var("plan")});
      case 4:
        return rule("var", {"plan", text()});
      case 5:
        return rule("var", {"client.absent", text()});
      default:
        return var("targetingKey");
    }
  }
  json::value number_rule() {
    switch (number(0, 4)) {
      case 0:
        return rule("var", {"age", 5});
      case 1:
        return var("client.seats");
      case 2:
        return number(0, 10);
      case 3:
        return rule("+", {var("client.seats"), rule("var", {"age", 1})});
      default:
        return rule("%", {rule("var", {"age", 3}), 4});
    }
  }

  json::value condition(int depth) {
    if (depth > 0) {
      switch (number(0, 4)) {
        case 0:
          return rule("and", {condition(depth - 1), condition(depth - 1)});
        case 1:
          return rule("or", {condition(depth - 1), condition(depth - 1), condition(depth - 1)});
        case 2:
          return rule("!", {condition(depth - 1)});
        case 3:
          return rule("if", {condition(depth - 1), condition(depth - 1), condition(depth - 1)});
        default:
          break;
      }
    }
    switch (number(0, 12)) {
      case 0:
        return rule("==", {text_rule(), text_rule()});
      case 1:
        return rule("!==", {text_rule(), text_rule()});
      case 2:
        return rule("<", {number_rule(), number_rule()});
      case 3:
        return rule("<=", {0, number_rule(), 8});
      case 4:
        return rule("in", {text_rule(), json::array{"pro", "gold", ""}});
      case 5:
        return rule("in", {"de", var("client.region")});
      case 6:
        return rule("sem_ver", {rule("var", {"version", "1.0.0"}), ">=", version()});
      case 7:
        return rule("starts_with", {text_rule(), "p"});
      case 8:
        return rule("!!", {rule("missing", {"client.beta", "plan", "age", "client.tier"})});
      case 9:
        return rule("some", {var("tags"), rule("==", {var(""), "pro"})});
      case 10:
        return var(chance(2) ? "client.beta" : "beta");
      case 11:
        return rule("==", {rule("fractional", {json::array{"a", 30}, json::array{"b", 70}}), "a"});
      default:
        if (segments_ == 0) return var("beta");
        return {{"$ref", "s" + std::to_string(number(1, segments_))}};
    }
  }

  json::value targeting(const std::vector<std::string>& variants, int depth) {
    const auto name = [&]() -> json::value {
      if (chance(5)) return nullptr;
      return json::value(
          variants[static_cast<std::size_t>(number(0, static_cast<std::int64_t>(variants.size()) - 1))]);
    };
    if (depth > 0 && !chance(4))
      return rule("if", {condition(2), targeting(variants, depth - 1), targeting(variants, depth - 1)});
    if (chance(3)) {
      json::array arguments;
      if (chance(2))
        arguments.push_back(rule("cat", {"salt", chance(2) ? var("targetingKey") : var("plan")}));
      for (const auto& variant : variants) arguments.push_back(json::array{variant, number(0, 50)});
      return rule("fractional", std::move(arguments));
    }
    return name();
  }

  json::object flag() {
    json::object out;
    std::vector<std::string> names{"on", "off", "other"};
    switch (number(0, 3)) {
      case 0:
        out["variants"] = {{"on", "#fff"}, {"off", "#000"}, {"other", "red"}};
        break;
      case 1:
        out["variants"] = {{"on", 1}, {"off", 0}, {"other", 2.5}};
        break;
      default:
        out["variants"] = {{"on", true}, {"off", false}, {"other", true}};
        break;
    }
    out["defaultVariant"] =
        chance(4) ? json::value(nullptr) : json::value(names[static_cast<std::size_t>(number(0, 2))]);
    out["state"] = chance(8) ? "DISABLED" : "ENABLED";
    if (!chance(4)) {
      json::value rule_of_flag = targeting(names, 2);
      if (rule_of_flag.is_object()) out["targeting"] = std::move(rule_of_flag);
    }
    return out;
  }

  Feature random_feature(Id id) {
    json::object body = flag();
    if (chance(3)) {
      json::object sub = flag();
      sub["key"] = "sub";
      json::object second = flag();
      second["key"] = "second";
      body["sub_features"] = json::array{std::move(sub), std::move(second)};
    }
    if (chance(5)) body["platforms"] = json::array{number(1, 2)};
    if (id > 1 && chance(3)) body["requires"] = json::array{number(1, id - 1)};
    return feature(id, "f" + std::to_string(id), json::serialize(body));
  }

  evaluation::Override random_override(Id feature) {
    evaluation::Override out;
    out.feature = feature;
    out.removed = chance(3);
    out.value = chance(4) ? json::value("#fff") : json::value(chance(2));
    if (chance(3)) out.expires_at = UnixMillis{1'800'000'000'000};
    return out;
  }

  std::mt19937 random_;
  Id segments_ = 0;
};

}  // namespace togglecast::domain::flagd::testing
