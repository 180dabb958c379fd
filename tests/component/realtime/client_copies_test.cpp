// What the server sends to a client, applied as client packages apply it: by the vectors that all of them
// share.
#include <fstream>
#include <random>
#include <sstream>
#include <string>
#include <vector>

#include "component/realtime/resume/resume_fixture.hpp"
#include "support/client_copy.hpp"

namespace togglecast::realtime::testing {
namespace {

using test::ClientCopy;

json::value client_vectors(const std::string& name) {
  std::ifstream file(std::string(TOGGLECAST_SOURCE_DIR) + "/tests/vectors/client/" + name);
  std::stringstream text;
  text << file.rdbuf();
  return json::parse(text.str()).value();
}

std::set<std::string> members_of(const json::object& object) {
  std::set<std::string> names;
  for (const auto& [name, value] : object) names.emplace(name);
  return names;
}

void expect_state(const std::optional<ClientCopy::State>& state, const json::object& then) {
  const auto& revision = then.at("revision");
  ASSERT_EQ(state.has_value(), !revision.is_null());
  if (!state) return;
  EXPECT_EQ(state->revision, revision.as_int64());
  EXPECT_EQ(state->epoch, then.at("epoch").as_int64());
  const auto member_of_each = [](const ClientCopy::Texts& texts, std::string_view member) {
    json::object values;
    for (const auto& [key, text] : texts) values[key] = json::parse(text)->at(member);
    return values;
  };
  if (const auto* flags = then.if_contains("flags")) {
    EXPECT_EQ(json::value(member_of_each(state->flags, "value")), *flags);
  }
  if (const auto* platforms = then.if_contains("platforms")) {
    EXPECT_EQ(json::value(member_of_each(state->platforms, "enabled")), *platforms);
  }
  if (const auto* plan = then.if_contains("plan")) {
    const auto held = json::parse(state->plan).value();
    EXPECT_EQ(held.is_null() ? json::value() : held.at("key"), *plan);
  }
}

json::value as_json(const std::optional<ClientCopy::Changed>& changed) {
  if (!changed) return nullptr;
  json::array names;
  for (const auto& name : *changed) names.emplace_back(name);
  return names;
}

TEST(ClientCopies, FollowTheVectors) {
  const json::value vectors = client_vectors("copy.json");
  for (const auto& one : vectors.at("cases").as_array()) {
    ClientCopy copy;
    int number = 0;
    for (const auto& step : one.at("steps").as_array()) {
      SCOPED_TRACE(std::string(one.at("name").as_string()) + ", step " + std::to_string(++number));
      const auto& then = step.at("then").as_object();
      json::value changed;
      if (const auto* begin = json::find(step, "begin")) {
        changed = as_json(copy.begin(begin->as_object()));
      } else if (const auto* hear = json::find(step, "hear")) {
        changed = as_json(copy.hear(hear->as_object()));
      } else if (const auto* resume = json::find(step, "resume")) {
        changed = copy.resume(resume->as_object());
      } else {
        copy.cut();
      }
      json::value expected = then.at("changed");
      if (auto* names = expected.if_array())
        std::sort(names->begin(), names->end(),
                  [](const json::value& a, const json::value& b) { return a.as_string() < b.as_string(); });
      EXPECT_EQ(changed, expected);
      expect_state(copy.state(), then);
    }
  }
}

class PushesToCopies : public ResumeTest {
 protected:
  PushesToCopies() { realtime_options_.events = {.per_second = 100'000, .burst = 100'000}; }

  static constexpr const char* kAnswer = R"(,"variants":{"on":true,"off":false},"defaultVariant":"on")";

  std::size_t below(std::size_t n) { return random_() % n; }

  void begin() {
    for (const char* key : {"web", "ios"})
      platforms_.push_back(create_platform(R"({"key":")" + std::string(key) + R"(","name":"P"})")->id);
    for (int i = 0; i < 4; ++i)
      features_.push_back(feature("f" + std::to_string(i),
                                  kAnswer + std::string(i == 0 ? R"(,"sub_features":[{"key":"x"}])" : "")));
    for (const char* key : {"small", "large"}) packages_.push_back(package(key, some_features()));
  }
  std::string some_features() {
    std::string list;
    for (const auto id : features_)
      if (below(2) == 0) list += (list.empty() ? "" : ",") + (R"({"feature_id":)" + std::to_string(id)) + "}";
    return "[" + list + "]";
  }
  void change(domain::Id client) {
    auto& features = application_->features();
    const auto some = features_[below(features_.size())];
    const auto on_platform = "[" + std::to_string(platforms_[below(2)]) + "]";
    switch (below(8)) {
      case 0:
        (void)toggle_platform(platforms_[below(2)]);
        return;
      case 1:
        (void)alter(
            application_->clients(), client,
            R"({"package_id":)" + (below(3) == 0 ? "null" : std::to_string(packages_[below(2)])) + "}");
        return;
      case 2:
        (void)alter(application_->packages(), packages_[below(2)], R"({"features":)" + some_features() + "}");
        return;
      case 3:
        (void)alter(features, some, below(2) == 0 ? R"({"state":"DISABLED"})" : R"({"state":"ENABLED"})");
        return;
      case 4:
        (void)alter(features, some, R"({"platforms":)" + (below(2) == 0 ? "[]" : on_platform) + "}");
        return;
      case 5:
        (void)alter(application_->clients(), client, R"({"name":"N)" + std::to_string(below(5)) + R"("})");
        return;
      case 6:
        (void)alter(application_->clients(), client,
                    below(2) == 0
                        ? R"({"overrides":[]})"
                        : R"({"overrides":[{"feature_id":)" + std::to_string(some) + R"(,"value":true}]})");
        return;
      default:
        (void)alter(application_->packages(), packages_[below(2)],
                    R"({"price":{"amount":)" + std::to_string(below(9)) + R"(,"currency":"EUR"}})");
    }
  }

  /// The full state, and every event until the connection has been told everything.
  struct Told {
    json::object full;
    std::vector<json::object> updates;  // with their `kind`
  };
  void read_all(EventClient& client, Told& told) {
    client.emit("/client", "heartbeat");  // its answer is the last event
    while (true) {
      const auto event = client.event("/client");
      ASSERT_FALSE(event.empty());
      const std::string name(event.at(0).as_string());
      if (name == "heartbeat_ack") {
        if (event.at(1).at("revision").as_int64() >= current()->revision()) return;
        client.emit("/client", "heartbeat");
        continue;
      }
      constexpr std::string_view kUpdate = "_update";
      ASSERT_TRUE(name.ends_with(kUpdate)) << name;
      json::object update = event.at(1).as_object();
      update["kind"] = name.substr(0, name.size() - kUpdate.size());
      told.updates.push_back(std::move(update));
    }
  }
  [[nodiscard]] ClientCopy::State expected(domain::Id client) const {
    const auto state = current();
    auto view = domain::client_view(*state, *state->find<domain::Client>(client), nullptr);
    view["revision"] = state->revision();
    view["epoch"] = state->head().epoch;
    ClientCopy fresh;
    fresh.begin(view);
    return *fresh.state();
  }
  static void expect_same(const std::optional<ClientCopy::State>& held, const ClientCopy::State& expected) {
    ASSERT_TRUE(held.has_value());
    EXPECT_EQ(held->flags, expected.flags);
    EXPECT_EQ(held->platforms, expected.platforms);
    EXPECT_EQ(held->plan, expected.plan);
    EXPECT_EQ(held->identity, expected.identity);
  }

  std::mt19937 random_;
  std::vector<domain::Id> platforms_, features_, packages_;
};

TEST_F(PushesToCopies, EndWithTheViewOfTheServerInEveryOrderAndRepeated) {
  const unsigned seed = std::random_device{}();
  SCOPED_TRACE("seed " + std::to_string(seed));
  random_.seed(seed);
  begin();
  const std::string token = client_token("acme");
  const domain::Id id = last_client_;
  auto client = connect("/client", R"({"token":")" + token + R"(","offsets":false})");
  Told told;
  told.full = client.next("/client", "client_connected").at(1).as_object();

  for (int round = 0; round < 20 || (told.updates.size() <= 20 && round < 400); ++round) {
    for (std::size_t changes = 1 + below(4); changes > 0; --changes) change(id);
    ASSERT_NO_FATAL_FAILURE(read_all(client, told));
  }

  const auto expected_state = expected(id);
  ClientCopy copy;
  copy.begin(told.full);
  for (const auto& update : told.updates) (void)copy.hear(update);
  expect_same(copy.state(), expected_state);
  EXPECT_GT(told.updates.size(), 20U);
  for (int round = 0; round < 50 && !HasFailure(); ++round) {
    auto heard = told.updates;
    heard.insert(heard.end(), told.updates.begin(), told.updates.end());
    std::shuffle(heard.begin(), heard.end(), random_);
    const std::size_t before = below(heard.size());  // the full state may be overtaken
    ClientCopy other;
    for (std::size_t i = 0; i < heard.size(); ++i) {
      if (i == before) other.begin(told.full);
      (void)other.hear(heard[i]);
    }
    expect_same(other.state(), expected_state);
  }
}

TEST_F(PushesToCopies, HaveTheMembersThatTheVectorsHave) {
  begin();
  ASSERT_TRUE(alter(application_->packages(), packages_[0],
                    R"({"features":)" + assigned({features_[0], features_[1]}) + "}"));
  const std::string token = client_token("acme");
  const domain::Id id = last_client_;
  auto client = connect("/client", with_token(token));
  Told told;
  told.full = client.next("/client", "client_connected").at(1).as_object();
  ASSERT_TRUE(alter(application_->clients(), id, R"({"package_id":)" + std::to_string(packages_[0]) + "}"));
  ASSERT_TRUE(alter(application_->clients(), id, R"({"name":"Other"})"));
  ASSERT_TRUE(toggle_platform(platforms_[0]).has_value());
  ASSERT_NO_FATAL_FAILURE(read_all(client, told));
  std::map<std::string, json::object> sent;  // one with data, of each kind
  for (const auto& update : told.updates)
    if (!update.at("data").is_null()) sent[std::string(update.at("kind").as_string())] = update;
  ASSERT_EQ(sent.size(), 4U);

  const json::value vectors = client_vectors("copy.json");
  for (const auto& one : vectors.at("cases").as_array()) {
    for (const auto& step : one.at("steps").as_array()) {
      const auto* hear = json::find(step, "hear");
      if (hear == nullptr) continue;
      SCOPED_TRACE(std::string(one.at("name").as_string()));
      const auto& update = hear->as_object();
      const auto& like = sent.at(std::string(update.at("kind").as_string()));
      EXPECT_EQ(members_of(update), members_of(like));
      const auto& data = update.at("data");
      if (data.is_null()) continue;
      for (const auto& member : members_of(data.as_object()))
        EXPECT_TRUE(like.at("data").as_object().contains(member) || member == "limit") << member;
    }
    const auto* begin = json::find(one.at("steps").at(0), "begin");
    if (begin == nullptr) continue;
    auto members = members_of(told.full);
    members.erase("server_time");
    EXPECT_EQ(members_of(begin->as_object()), members);
  }
}

}  // namespace
}  // namespace togglecast::realtime::testing
