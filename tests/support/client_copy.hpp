// What a client holds: the machine of docs/protocol.md that client packages have
// (clients/client/src/copy.ts), for tests of what the server sends. The vectors of tests/vectors/client hold
// all of them to one behaviour.
#pragma once

#include <algorithm>
#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "base/json.hpp"

namespace togglecast::test {

class ClientCopy {
 public:
  using Changed = std::set<std::string>;
  using Texts = std::map<std::string, std::string>;  ///< canonical JSON by key

  struct State {
    std::int64_t revision = 0, epoch = 0;
    Texts flags;  ///< answers by flat key
    Texts platforms;
    std::string plan, identity;
  };

  [[nodiscard]] const std::optional<State>& state() const noexcept { return state_; }

  /// The whole view, with its revision and epoch. It replaces everything.
  Changed begin(const json::object& view) {
    identity_ = view.at("client");
    plans_.clear();
    if (const auto* plan = view.at("package").if_object())
      plans_.emplace_back(plan->at("id").as_int64(), *plan);
    features_ = by_id(view.at("features").as_array());
    platforms_ = by_id(view.at("platforms").as_array());
    seen_.clear();
    waiting_.clear();
    floor_ = view.at("revision").as_int64();
    auto changed = publish(floor_, view.at("epoch").as_int64());
    for (const auto& update : std::exchange(early_, {}))
      if (auto more = hear(update)) changed.merge(*more);
    return changed;
  }

  /// One event, with its `kind`. Nothing: it changed nothing yet, or ever.
  std::optional<Changed> hear(const json::object& update) {
    const auto epoch = update.at("epoch").as_int64(), revision = update.at("revision").as_int64();
    if (!state_ || epoch > state_->epoch) {
      early_.push_back(update);
      return std::nullopt;
    }
    if (epoch < state_->epoch) return std::nullopt;
    waiting_.push_back(update);
    if (update.at("more").as_bool() && revision > state_->revision) return std::nullopt;
    const auto up_to = std::max(revision, state_->revision);
    const auto later = std::stable_partition(
        waiting_.begin(), waiting_.end(),
        [up_to](const json::object& one) { return one.at("revision").as_int64() <= up_to; });
    std::stable_sort(waiting_.begin(), later, [](const json::object& a, const json::object& b) {
      return a.at("revision").as_int64() < b.at("revision").as_int64();
    });
    bool applied = false;
    for (auto one = waiting_.begin(); one != later; ++one) applied = apply(*one) || applied;
    waiting_.erase(waiting_.begin(), later);
    if (!applied && up_to == state_->revision) return std::nullopt;
    return publish(up_to, epoch);
  }

  /// False: the copy is not that of the session, and a full state is needed.
  bool resume(const json::object& at) {
    if (!state_ || state_->epoch != at.at("epoch").as_int64()) return false;
    state_->revision = std::max(state_->revision, at.at("revision").as_int64());
    return true;
  }

  /// The connection has ended.
  void cut() {
    waiting_.clear();
    early_.clear();
  }

 private:
  using Entities = std::map<std::int64_t, json::object>;

  static Entities by_id(const json::array& all) {
    Entities entities;
    for (const auto& one : all) entities.emplace(one.at("id").as_int64(), one.as_object());
    return entities;
  }
  static std::string text_of(const json::object& entity, std::string_view member) {
    return std::string(entity.at(member).as_string());
  }

  bool apply(const json::object& update) {
    const std::string kind = text_of(update, "kind");
    const auto* named = update.if_contains(kind + "_id");
    const auto id = named != nullptr ? named->as_int64() : 0;
    const auto revision = update.at("revision").as_int64();
    const auto [seen, first] = seen_.try_emplace({kind, id}, revision);
    if (revision < (first ? floor_ : seen->second)) {
      if (first) seen_.erase(seen);
      return false;
    }
    seen->second = revision;
    const json::value& data = update.at("data");
    if (kind == "client") {
      if (!data.is_null()) identity_ = data;
    } else if (kind == "package") {
      const auto old =
          std::find_if(plans_.begin(), plans_.end(), [id](const auto& plan) { return plan.first == id; });
      if (old != plans_.end() && !data.is_null())
        old->second = data;
      else if (old != plans_.end())
        plans_.erase(old);
      else if (!data.is_null())
        plans_.emplace_back(id, data);
    } else {
      Entities& entities = kind == "platform" ? platforms_ : features_;
      if (data.is_null())
        entities.erase(id);
      else
        entities[id] = data.as_object();
    }
    return true;
  }

  Changed publish(std::int64_t revision, std::int64_t epoch) {
    State next{revision,
               epoch,
               {},
               {},
               plans_.empty() ? "null" : json::canonical(plans_.back().second),
               json::canonical(identity_)};
    for (const auto& [id, feature] : features_) {
      json::object answer = feature;
      for (const char* member : {"id", "name", "sub_features", "assets"}) answer.erase(member);
      const std::string key = text_of(feature, "key");
      next.flags[key] = json::canonical(answer);
      for (const auto& [name, sub] : feature.at("sub_features").as_object()) {
        answer = sub.as_object();
        answer["key"] = key + "/" + std::string(name);
        next.flags[key + "/" + std::string(name)] = json::canonical(answer);
      }
    }
    for (const auto& [id, platform] : platforms_)
      next.platforms[text_of(platform, "key")] = json::canonical(platform);
    Changed changed;
    const State none{0, 0, {}, {}, "null", ""};
    const State& before = state_ ? *state_ : none;
    add_differences(changed, "", before.flags, next.flags);
    add_differences(changed, "/platforms/", before.platforms, next.platforms);
    if (before.plan != next.plan) changed.insert("/plan");
    if (before.identity != next.identity) changed.insert("/client");
    state_ = std::move(next);
    return changed;
  }
  static void add_differences(Changed& changed, const std::string& prefix, const Texts& before,
                              const Texts& after) {
    for (const auto& [key, text] : after)
      if (const auto old = before.find(key); old == before.end() || old->second != text)
        changed.insert(prefix + key);
    for (const auto& [key, text] : before)
      if (!after.contains(key)) changed.insert(prefix + key);
  }

  std::optional<State> state_;
  Entities features_, platforms_;
  json::value identity_;
  // The last one is that of the client; an event may come before the end of the one before.
  std::vector<std::pair<std::int64_t, json::value>> plans_;
  std::int64_t floor_ = 0;  // the revision of the last full state
  std::map<std::pair<std::string, std::int64_t>, std::int64_t> seen_;
  std::vector<json::object> waiting_, early_;
};

}  // namespace togglecast::test
