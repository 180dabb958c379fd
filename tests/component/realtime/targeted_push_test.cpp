// Changes of features, packages and clients reach exactly those they concern, and cost what they must:
// evaluated once per distinct input, encoded once per distinct payload.
#include <sys/resource.h>

#include <future>
#include <map>
#include <string>
#include <vector>

#include "realtime_fixture.hpp"
#include "support/eventually.hpp"

namespace togglecast::realtime::testing {
namespace {

using changes::Done;
using changes::Written;
using service::testing::parse;

class TargetedPush : public RealtimeTest {
 protected:
  template <typename Start>
  domain::Id write(Start&& start) {
    const auto written = service::testing::wait_for<changes::Written>(std::forward<Start>(start));
    EXPECT_TRUE(written.has_value()) << written.error().message;
    return written ? written->id : 0;
  }
  domain::Id feature(const std::string& key, const std::string& more = "") {
    return write([&](changes::Done done) {
      application_->features().create(admin(), parse(R"({"key":")" + key + R"(","name":"F")" + more + "}"),
                                      {}, done);
    });
  }
  void change_feature(domain::Id id, const std::string& body) {
    write([&](changes::Done done) { application_->features().update(admin(), id, parse(body), {}, done); });
  }
  domain::Id package(const std::string& key, const std::string& features, const std::string& more = "") {
    return write([&](changes::Done done) {
      application_->packages().create(
          admin(), parse(R"({"key":")" + key + R"(","name":"P","features":)" + features + more + "}"), {},
          done);
    });
  }
  void change_package(domain::Id id, const std::string& body) {
    write([&](changes::Done done) { application_->packages().update(admin(), id, parse(body), {}, done); });
  }
  void change_client(domain::Id id, const std::string& body) {
    write([&](changes::Done done) { application_->clients().update(admin(), id, parse(body), {}, done); });
  }
  static std::string id_text(domain::Id id) { return std::to_string(id); }
  static std::string assigned(std::initializer_list<domain::Id> features) {
    std::string text;
    for (const auto id : features)
      text += (text.empty() ? "" : ",") + std::string(R"({"feature_id":)") + id_text(id) + "}";
    return "[" + text + "]";
  }
  /// A client of that package, connected, with what it saw at first read.
  EventClient connected(const std::string& key, domain::Id package_id, const std::string& more = "") {
    const std::string token = client_token(key);
    change_client(last_client_,
                  R"({"package_id":)" + (package_id == 0 ? "null" : id_text(package_id)) + more + "}");
    auto client = connect("/client", with_token(token));
    first_ = client.event("/client")[1].as_object();
    return client;
  }
  /// `feature_update toggle 3 off`; of a package or platform, without its state.
  static std::string told(EventClient& client) {
    const auto event = client.event("/client");
    if (event.size() < 2) return "nothing";
    const auto& payload = event[1].as_object();
    std::string text = std::string(event[0].as_string()) + " " + std::string(payload.at("type").as_string());
    for (const char* id : {"feature_id", "package_id", "platform_id"})
      if (const auto* value = payload.if_contains(id)) text += " " + id_text(value->as_int64());
    if (const auto* data = payload.at("data").if_object())
      if (const auto* enabled = data->if_contains("enabled")) text += enabled->as_bool() ? " on" : " off";
    if (payload.at("more").as_bool()) text += " …";
    EXPECT_EQ(event.size() == 3, !payload.at("more").as_bool()) << "the last of a batch alone has the offset";
    return text;
  }
  /// Nothing was told but what follows now.
  void expect_silence(EventClient& client) {
    const std::string key = "after-" + std::to_string(++silences_);
    const auto platform = create_platform(R"({"key":")" + key + R"(","name":"After"})");
    EXPECT_EQ(told(client), "platform_update create " + id_text(platform->id) + " on");
  }

  struct Counts {
    std::uint64_t inputs, evaluated, encoded, delivered, slices;
    Counts operator-(const Counts& earlier) const {
      return {inputs - earlier.inputs, evaluated - earlier.evaluated, encoded - earlier.encoded,
              delivered - earlier.delivered, slices - earlier.slices};
    }
  };
  Counts counts() {
    const auto value = [this](const char* name) { return metrics_.counter(name, "").value(); };
    return {value("togglecast_push_inputs_total"), value("togglecast_push_evaluated_total"),
            value("togglecast_push_encoded_total"), value("togglecast_push_delivered_total"),
            value("togglecast_push_slices_total")};
  }

  json::object first_;
  int silences_ = 0;
};

TEST_F(TargetedPush, AFeatureReachesThoseWhoHaveItAndNobodyElse) {
  const auto chat = feature("chat");
  const auto pro = package("pro", assigned({chat}));
  const auto free = package("free", "[]");
  auto with = connected("acme", pro);
  EXPECT_EQ(first_.at("features").at(0).at("key"), json::value("chat"));
  EXPECT_EQ(first_.at("package").at("key"), json::value("pro"));
  auto without = connected("basic", free);
  EXPECT_TRUE(first_.at("features").as_array().empty());

  change_feature(chat, R"({"enabled":false})");

  EXPECT_EQ(told(with), "feature_update toggle " + id_text(chat) + " off");
  expect_silence(without);
}

TEST_F(TargetedPush, WhatRequiresAFeatureFollowsIt) {
  const auto base = feature("base");
  const auto middle = feature("middle", R"(,"requires":[)" + id_text(base) + "]");
  const auto top = feature("top", R"(,"requires":[)" + id_text(middle) + "]");
  const auto pro = package("pro", assigned({base, middle, top}));
  auto client = connected("acme", pro);

  change_feature(base, R"({"enabled":false})");

  EXPECT_EQ(told(client), "feature_update toggle " + id_text(base) + " off …");
  EXPECT_EQ(told(client), "feature_update toggle " + id_text(middle) + " off …");
  EXPECT_EQ(told(client), "feature_update toggle " + id_text(top) + " off");
}

TEST_F(TargetedPush, APlatformTakesWhatNeedsItAlong) {
  const auto web = create_platform(R"({"key":"web","name":"Web"})")->id;
  const auto chat = feature("chat", R"(,"platforms":[)" + id_text(web) + "]");
  auto client = connected("acme", package("pro", assigned({chat})));

  ASSERT_TRUE(toggle_platform(web, false).has_value());

  EXPECT_EQ(told(client), "platform_update toggle " + id_text(web) + " off …");
  EXPECT_EQ(told(client), "feature_update toggle " + id_text(chat) + " off");
}

TEST_F(TargetedPush, ASegmentReachesThoseWhomItsRuleConcerns) {
  const auto segment = write([&](changes::Done done) {
    application_->segments().create(
        admin(), parse(R"({"key":"gold","name":"Gold","rule":{"==":[{"var":"client.tier"},"gold"]}})"), {},
        done);
  });
  const auto chat = feature("chat", R"(,"targeting":{"if":[{"$ref":"gold"},"on","off"]})");
  const auto pro = package("pro", assigned({chat}));
  auto gold = connected("acme", pro, R"(,"attributes":{"tier":"gold"})");
  auto silver = connected("basic", pro, R"(,"attributes":{"tier":"silver"})");

  write([&](changes::Done done) {
    application_->segments().update(admin(), segment,
                                    parse(R"({"rule":{"==":[{"var":"client.tier"},"silver"]}})"), {}, done);
  });

  EXPECT_EQ(told(gold), "feature_update toggle " + id_text(chat) + " off");
  EXPECT_EQ(told(silver), "feature_update toggle " + id_text(chat) + " on");
}

TEST_F(TargetedPush, APackageChangeReachesItsClients) {
  const auto chat = feature("chat");
  const auto video = feature("video");
  const auto pro = package("pro", assigned({chat}));
  auto on_it = connected("acme", pro);
  auto elsewhere = connected("basic", package("free", "[]"));

  change_package(pro, R"({"price":{"amount":4900,"currency":"EUR"}})");
  EXPECT_EQ(told(on_it), "package_update update " + id_text(pro));
  change_package(pro, R"({"features":)" + assigned({video}) + "}");
  EXPECT_EQ(told(on_it), "feature_update delete " + id_text(chat) + " …");
  EXPECT_EQ(told(on_it), "feature_update create " + id_text(video) + " on …");
  EXPECT_EQ(told(on_it), "package_update update " + id_text(pro));
  expect_silence(elsewhere);
}

TEST_F(TargetedPush, AMoveToAnotherPackageIsGainsAndLosses) {
  const auto both = feature("both");
  const auto chat = feature("chat");
  const auto video = feature("video");
  const auto free = package("free", assigned({both, chat}));
  const auto pro = package("pro", assigned({both, video}));
  auto client = connected("acme", free);

  change_client(last_client_, R"({"package_id":)" + id_text(pro) + "}");
  EXPECT_EQ(told(client), "feature_update delete " + id_text(chat) + " …");
  EXPECT_EQ(told(client), "package_update delete " + id_text(free) + " …");
  EXPECT_EQ(told(client), "feature_update create " + id_text(video) + " on …");
  EXPECT_EQ(told(client), "package_update create " + id_text(pro));

  // From now on it is among those of its new package.
  change_feature(chat, R"({"enabled":false})");
  change_feature(video, R"({"enabled":false})");
  EXPECT_EQ(told(client), "feature_update toggle " + id_text(video) + " off");
}

TEST_F(TargetedPush, AnOverrideIsTheClientsOwn) {
  const auto chat = feature("chat");
  const auto video = feature("video");
  const auto pro = package("pro", assigned({chat}));
  auto other = connected("other", pro);
  auto client = connected("acme", pro);
  const auto acme = last_client_;

  write([&](changes::Done done) {
    application_->clients().set_override(admin(), acme, video, parse(R"({"value":true,"reason":"trial"})"),
                                         {}, done);
  });
  EXPECT_EQ(told(client), "feature_update create " + id_text(video) + " on");
  write([&](changes::Done done) {
    application_->clients().set_override(admin(), acme, chat, parse(R"({"removed":true})"), {}, done);
  });
  EXPECT_EQ(told(client), "feature_update toggle " + id_text(chat) + " off");
  change_feature(video, R"({"enabled":false})");
  EXPECT_EQ(told(client), "feature_update toggle " + id_text(video) + " off");
  write([&](changes::Done done) { application_->clients().remove_override(admin(), acme, video, {}, done); });
  EXPECT_EQ(told(client), "feature_update delete " + id_text(video));
  expect_silence(other);
}

TEST_F(TargetedPush, DeletingAFeatureByForceTakesItFromEverybody) {
  const auto chat = feature("chat");
  const auto pro = package("pro", assigned({chat}));
  auto client = connected("acme", pro);
  const auto refused = service::testing::wait_for<changes::Written>(
      [&](changes::Done done) { application_->features().remove(admin(), chat, {}, done); });
  ASSERT_FALSE(refused.has_value());
  EXPECT_EQ(refused.error().code, Errc::conflict);

  service::WriteOptions options;
  options.force = true;
  write([&](changes::Done done) { application_->features().remove(admin(), chat, options, done); });

  EXPECT_EQ(told(client), "feature_update delete " + id_text(chat) + " …");
  EXPECT_EQ(told(client), "package_update update " + id_text(pro));
}

TEST_F(TargetedPush, ADeletedSegmentMakesOnlyWhatReadsItAnError) {
  const auto segment = [&](const std::string& key, const std::string& rule) {
    return write([&](changes::Done done) {
      application_->segments().create(
          admin(), parse(R"({"key":")" + key + R"(","name":"S","rule":)" + rule + "}"), {}, done);
    });
  };
  const auto targeting = [](const std::string& rule) {
    return R"(,"targeting":{"if":[)" + rule + R"(,"on","off"]})";
  };
  const auto gone = segment("gone", R"({"==":[1,1]})");
  segment("kept", R"({"==":[1,1]})");
  const auto reader = feature("reader", targeting(R"({"$ref":"gone"})"));
  const auto other = feature("other", targeting(R"({"$ref":"kept"})"));
  const auto plain = feature("plain");
  auto client = connected("acme", package("pro", assigned({reader, other, plain})));
  const auto reason = [&](const std::string& key) {
    const auto status = client.ask("/client", "feature_check", R"({"feature":")" + key + "\"}");
    return std::string(json::string_or_empty(status, "reason"));
  };
  EXPECT_EQ(reason("reader"), "TARGETING_MATCH");

  service::WriteOptions options;
  options.force = true;
  write([&](changes::Done done) { application_->segments().remove(admin(), gone, options, done); });

  EXPECT_EQ(told(client), "feature_update toggle " + id_text(reader) + " off");
  expect_silence(client);
  EXPECT_EQ(reason("reader"), "ERROR");
  EXPECT_EQ(reason("other"), "TARGETING_MATCH");
  EXPECT_EQ(reason("plain"), "STATIC");
}

TEST_F(TargetedPush, EvaluatesOncePerDistinctInputAndEncodesOncePerDistinctPayload) {
  constexpr int kClients = 24;
  const auto chat = feature("chat");
  std::vector<domain::Id> all{chat};
  std::string others = R"({"feature_id":)" + id_text(chat) + "}";
  for (int i = 0; i < 20; ++i) {
    all.push_back(
        feature("other-" + std::to_string(i), R"(,"targeting":{"if":[{"var":"client.tier"},"on","off"]})"));
    others += R"(,{"feature_id":)" + id_text(all.back()) + "}";
  }
  const auto pro = package("pro", "[" + others + "]");
  std::vector<EventClient> clients;
  for (int i = 0; i < kClients; ++i) {
    const std::string tier = i % 3 == 0 ? "gold" : i % 3 == 1 ? "silver" : "bronze";
    clients.push_back(connected("c" + std::to_string(i), pro, R"(,"attributes":{"tier":")" + tier + R"("})"));
  }
  const auto shards = shards_->size();

  // Nothing is read: one input and one payload on each shard, though the clients are different ones.
  auto before = counts();
  change_feature(chat, R"({"enabled":false})");
  for (auto& client : clients) EXPECT_EQ(told(client), "feature_update toggle " + id_text(chat) + " off");
  auto cost = counts() - before;
  EXPECT_LE(cost.inputs, shards);
  EXPECT_EQ(cost.evaluated, 2 * cost.inputs) << "the feature that changed, before and after";
  EXPECT_LE(cost.encoded, shards);
  EXPECT_EQ(cost.delivered, static_cast<std::uint64_t>(kClients));

  // An attribute is read: three inputs, of which two get the same answer.
  before = counts();
  change_feature(chat,
                 R"({"enabled":true,"targeting":{"if":[{"==":[{"var":"client.tier"},"gold"]},"on","off"]}})");
  for (int i = 0; i < kClients; ++i) {
    EXPECT_EQ(told(clients[static_cast<std::size_t>(i)]),
              "feature_update " + std::string(i % 3 == 0 ? "toggle" : "update") + " " + id_text(chat) +
                  (i % 3 == 0 ? " on" : " off"));
  }
  cost = counts() - before;
  EXPECT_LE(cost.inputs, 3 * shards);
  EXPECT_GE(cost.inputs, 3U);
  EXPECT_EQ(cost.evaluated, 2 * cost.inputs);
  EXPECT_LE(cost.encoded, 2 * shards);

  // Those who cannot see it cost nothing.
  const auto unassigned = feature("unassigned");
  before = counts();
  change_feature(unassigned, R"({"enabled":false})");
  expect_silence(clients.front());
  cost = counts() - before;
  EXPECT_EQ(cost.evaluated, 0U);
}

TEST_F(TargetedPush, MakesRoomForOthersBetweenSlices) {
  const auto chat = feature("chat");
  const auto pro = package("pro", assigned({chat}));
  const std::string token = client_token("acme");
  change_client(last_client_, R"({"package_id":)" + id_text(pro) + "}");
  constexpr int kConnections = 700;
  rlimit files{};  // both ends of each are descriptors of this process
  getrlimit(RLIMIT_NOFILE, &files);
  files.rlim_cur = files.rlim_max;
  setrlimit(RLIMIT_NOFILE, &files);
  std::vector<EventClient> clients;
  for (int i = 0; i < kConnections; ++i) {
    clients.push_back(connect("/client", with_token(token)));
    (void)clients.back().event("/client");
  }
  const auto before = counts();

  change_feature(chat, R"({"enabled":false})");

  for (auto& client : clients) ASSERT_EQ(told(client), "feature_update toggle " + id_text(chat) + " off");
  const auto cost = counts() - before;
  EXPECT_EQ(cost.delivered, static_cast<std::uint64_t>(kConnections));
  EXPECT_GE(cost.slices, 4U) << "at most 256 receivers each, on two shards";
}

TEST_F(TargetedPush, ChangesInQuickSuccessionAllArriveInOrder) {
  const auto chat = feature("chat");
  auto client = connected("acme", package("pro", assigned({chat})));
  constexpr int kChanges = 300;

  for (int i = 1; i <= kChanges; ++i) {
    const std::string name = R"({"name":"N)" + std::to_string(i) + R"("})";
    application_->features().update(admin(), chat, parse(name), {}, [](const Result<changes::Written>&) {});
  }

  int last = 0;
  while (last < kChanges) {
    const auto event = client.event("/client");
    ASSERT_GE(event.size(), 2U);
    const int n = std::stoi(std::string(event[1].at("data").at("name").as_string()).substr(1));
    ASSERT_GT(n, last);
    last = n;
  }
}

TEST_F(TargetedPush, ManyChangesInOneTurnArriveToTheLast) {
  const auto platform = create_platform(R"({"key":"web","name":"Web"})");
  auto client = join_client("acme");
  constexpr int kChanges = 20;
  std::promise<void> gate;
  const std::shared_future<void> open = gate.get_future().share();
  // The shards have something else to do meanwhile: all changes are pushed in the turn after.
  shards_->post_to_all([open](const net::Shard&) { open.wait(); });

  for (int i = 1; i <= kChanges; ++i) {
    const std::string config =
        R"({"big":")" + std::string(2'000, 'x') + R"(","n":)" + std::to_string(i) + "}";
    ASSERT_TRUE(update_platform(platform->id, R"({"config":)" + config + "}").has_value());
  }
  gate.set_value();

  std::int64_t last = 0;
  while (last < kChanges) {
    const auto event = client.next("/client", "platform_update");
    ASSERT_GE(event.size(), 2U) << "silence after change " << last;
    last = event[1].at("data").at("config").at("n").as_int64();
  }
}

}  // namespace
}  // namespace togglecast::realtime::testing
