// How much an admin may read and write, and how long a body may be.
#include <atomic>
#include <future>
#include <string>
#include <vector>

#include "api_fixture.hpp"
#include "support/eventually.hpp"
#include "support/http_client.hpp"

namespace togglecast::testing {
namespace {

TEST(Writes, AreLimitedPerAdmin) {
  HouseOptions options;
  options.api.writes = {.per_second = 0.001, .burst = 2};
  ApiServer server(options);
  const auto owner = server.owner();
  const auto toggle = [&] { return server.send("POST", "/api/v1/platforms/1/toggle", owner); };
  EXPECT_EQ(toggle().status, 404U);
  EXPECT_EQ(toggle().status, 404U);

  const auto third = toggle();

  EXPECT_EQ(third.status, 429U);
  EXPECT_EQ(code_of(third), "rate_limited");
  EXPECT_GE(std::stoi(third.header("retry-after")), 1);
  EXPECT_EQ(server.get("/api/v1/platforms", owner).status, 200U) << "reading is counted apart";
}

TEST(Writes, AreNotThoseThatOnlyLook) {
  HouseOptions options;
  options.api.writes = {.per_second = 0.001, .burst = 2};
  ApiServer server(options);
  const auto owner = server.owner();
  const auto made = server.send("POST", "/api/v1/features", owner, R"({"key":"reports","name":"Reports"})");
  EXPECT_EQ(made.status, 201U) << made.body;

  for (int i = 0; i < 3; ++i) {
    EXPECT_EQ(server.send("POST", "/api/v1/evaluate", owner, R"({"feature":"reports"})").status, 200U);
    const auto previewed =
        server.send("POST", "/api/v1/preview", owner,
                    R"({"changes":[{"entity_type":"feature","entity_id":1,"action":"toggle"}]})");
    EXPECT_EQ(previewed.status, 200U) << previewed.body;
  }

  EXPECT_EQ(server.send("POST", "/api/v1/features/1/toggle", owner).status, 200U) << "one is left";
  EXPECT_EQ(server.send("POST", "/api/v1/features/1/toggle", owner).status, 429U);
}

TEST(Reads, AreLimitedPerAdminByTheirCost) {
  HouseOptions options;
  options.api.reads = {.per_second = 0.001, .burst = 12};
  ApiServer server(options);
  const auto owner = server.owner();
  const auto effective = [&] { return server.get("/api/v1/clients/1/effective", owner); };
  EXPECT_EQ(effective().status, 404U);

  const auto second = effective();

  EXPECT_EQ(second.status, 429U);
  EXPECT_EQ(code_of(second), "rate_limited");
  EXPECT_GE(std::stoi(second.header("retry-after")), 1);
  EXPECT_EQ(server.get("/api/v1/platforms", owner).status, 200U) << "two units are left";
  EXPECT_EQ(server.get("/api/v1/platforms/1", owner).status, 429U);
  EXPECT_EQ(server.get("/api/v1/platforms", server.admin("jo", domain::Role::viewer)).status, 200U);
  EXPECT_NE(server.get("/metrics", owner).body.find("togglecast_http_reads_limited_total 2"),
            std::string::npos);
}

TEST(Reads, CostMoreWhenTheirAnswerIsLong) {
  HouseOptions options;
  options.api.reads = {.per_second = 0.001, .burst = 5};
  ApiServer server(options);
  const auto owner = server.owner();
  const std::string config = R"({"text":")" + std::string(30'000, 'x') + R"("})";
  for (const std::string key : {"a", "b", "c", "d"})
    EXPECT_EQ(server
                  .send("POST", "/api/v1/platforms", owner,
                        R"({"key":")" + key + R"(","name":"A","config":)" + config + "}")
                  .status,
              201U);

  EXPECT_EQ(server.get("/api/v1/platforms", owner).status, 200U) << "2 units, and 3 for 120 KB";

  EXPECT_EQ(server.get("/api/v1/platforms/1", owner).status, 429U);
}

// All threads and places for work on reads are taken.
TEST(Reads, KeepNobodyFromLoggingInAndNoProbeFromItsAnswer) {
  HouseOptions options;
  options.api.max_body = 128 * 1'024;
  ApiServer server(options);
  const auto owner = server.owner();
  std::promise<void> release;
  const std::shared_future<void> released = release.get_future().share();
  for (auto* pool : {&server.application().workers(), &server.application().previews()}) {
    std::atomic<std::size_t> missing{pool == &server.application().workers() ? 2U : 1U};  // threads
    while (missing > 0) {  // each blocker holds one thread
      const std::size_t before = missing;
      ASSERT_TRUE(pool->submit([&missing, released] {
        --missing;
        released.wait();
      }));
      ASSERT_TRUE(test::eventually([&] { return missing < before; }));
    }
    while (pool->submit([released] { released.wait(); })) {
    }
  }

  EXPECT_EQ(code_of(server.get("/api/v1/clients/1/tokens", owner)), "not_found");
  EXPECT_EQ(code_of(server.send("GET", "/api/v1/clients/1/tokens", owner, std::string(70'000, ' '))),
            "not_found")
      << "a body that nobody reads moves no GET to a worker: what it may begin belongs to the shard";
  EXPECT_EQ(code_of(server.get("/api/v1/platforms", owner)), "unavailable");
  EXPECT_EQ(
      server.send("POST", "/api/v1/auth/login", {}, R"({"username":"owner","password":"owner-password"})")
          .status,
      200U);
  for (const char* path : {"/healthz", "/readyz", "/healthz/details", "/metrics"})
    EXPECT_EQ(server.get(path, owner).status, 200U) << path;
  release.set_value();
}

TEST(Bodies, OfChangesMayBeLongForThoseWhoMayChangeSomething) {
  ApiServer server;
  const auto owner = server.owner();
  const auto viewer = server.admin("jo", domain::Role::viewer);
  std::string users;
  for (int i = 0; i < 3'000; ++i)
    users += (i == 0 ? "\"" : ",\"") + std::string(34, 'u') + std::to_string(i) + '"';
  const std::string long_body =
      R"({"key":"big","name":"Big","targeting":{"in":[{"var":"targetingKey"},[)" + users + "]]}}";
  ASSERT_GT(long_body.size(), 100'000U);
  const auto create = [&](const HttpHeaders& who, const std::string& body) {
    return server.send("POST", "/api/v1/features", who, body);
  };

  const auto stranger = create({}, long_body);
  const auto reader = create(viewer, long_body);
  const auto made = create(owner, long_body);
  const auto too_long = create(owner, std::string(1'024 * 1'024 + 1, ' '));

  for (const auto* refused : {&stranger, &reader}) {
    EXPECT_EQ(refused->status, 413U);
    EXPECT_NE(refused->body.find("65536 bytes (--max-payload)"), std::string::npos) << refused->body;
    EXPECT_NE(refused->body.find("editor or owner"), std::string::npos) << refused->body;
  }
  EXPECT_EQ(made.status, 201U) << made.body.substr(0, 500);
  EXPECT_EQ(too_long.status, 413U);
  EXPECT_NE(too_long.body.find("1048576 bytes (--max-write-body)"), std::string::npos) << too_long.body;
}

TEST(Bodies, OfReadsAndMessagesKeepTheSmallLimit) {
  ApiServer server;
  const auto owner = server.owner();
  const std::string long_body(70'000, ' ');

  for (const char* path : {"/api/v1/evaluate", "/api/v1/preview", "/api/v1/broadcasts/admin_announcement",
                           "/api/v1/auth/login"}) {
    const auto refused = server.send("POST", path, owner, long_body);
    EXPECT_EQ(refused.status, 413U) << path;
    EXPECT_NE(refused.body.find("65536 bytes (--max-payload)"), std::string::npos) << refused.body;
  }
}

TEST(Bodies, OfAPatchMayBeAMergePatch) {
  ApiServer server;
  const auto owner = server.owner();
  server.send("POST", "/api/v1/platforms", owner,
              R"({"key":"web","name":"Web","config":{"a":1,"b":{"c":1}}})");
  const auto patch = [&](const std::string& method, const std::string& type) {
    return http(server.port, method, "/api/v1/platforms/1", with(owner, "Content-Type", type),
                R"({"config":{"b":{"c":null,"d":2}}})");
  };

  const auto merged = patch("PATCH", "Application/Merge-Patch+JSON; charset=utf-8");
  EXPECT_EQ(merged.status, 200U) << merged.body;
  EXPECT_EQ(json::serialize(merged.parsed().at("config")), R"({"a":1,"b":{"d":2}})");

  const auto replaced = patch("PATCH", "application/json");
  EXPECT_EQ(json::serialize(replaced.parsed().at("config")), R"({"b":{"c":null,"d":2}})");
  EXPECT_EQ(patch("PATCH", "application/json-patch+json").status, 415U);
  const auto post = http(server.port, "POST", "/api/v1/platforms",
                         with(owner, "Content-Type", "application/merge-patch+json"), "{}");
  EXPECT_EQ(post.status, 415U);
}

TEST(Questions, AreReads) {
  HouseOptions options;
  options.api.reads = {.per_second = 0.001, .burst = 50};
  ApiServer server(options);
  const auto owner = server.owner();
  const auto ask = [&] { return server.send("POST", "/api/v1/evaluate", owner, R"({"feature":"none"})"); };
  EXPECT_EQ(ask().status, 404U);
  EXPECT_EQ(server.send("POST", "/api/v1/preview", owner, R"({"changes":[]})").status, 400U);

  const auto third = ask();

  EXPECT_EQ(third.status, 429U);
  EXPECT_GE(std::stoi(third.header("retry-after")), 1);
  EXPECT_EQ(server.send("POST", "/api/v1/platforms/1/toggle", owner).status, 404U) << "writing goes on";
}

TEST(Writes, ThatWereTooManyDoNotKeepAnybodyIn) {
  HouseOptions options;
  options.api.writes = {.per_second = 0.001, .burst = 1};
  ApiServer server(options);
  const auto owner = server.owner();
  server.send("POST", "/api/v1/platforms/1/toggle", owner);
  EXPECT_EQ(server.send("POST", "/api/v1/platforms/1/toggle", owner).status, 429U);

  EXPECT_EQ(server.send("POST", "/api/v1/auth/logout", owner).status, 204U);
  EXPECT_EQ(code_of(server.get("/api/v1/platforms", owner)), "revoked");
}

// Each waits with its headers read: the server has asked for the body.
TEST(LargeBodies, AtMost32AreReadAtTheSameTime) {
  const ApiServer server;
  const auto owner = server.owner();
  const std::string body = R"({"key":"web","name":"Web","description":")" + std::string(100'000, 'x') + "\"}";
  const std::string head =
      "POST /api/v1/platforms HTTP/1.1\r\nHost: localhost:" + std::to_string(server.port) +
      "\r\nAuthorization: " + owner.front().second +
      "\r\nContent-Type: application/json\r\nExpect: 100-continue\r\nContent-Length: " +
      std::to_string(body.size()) + "\r\n\r\n";
  std::vector<test::HttpClient> waiting;
  for (int i = 0; i < 32; ++i) {
    waiting.emplace_back(server.port);
    waiting.back().tcp().send(head);
    ASSERT_EQ(waiting.back().receive().status, 100) << i;
  }

  const auto refused = server.send("POST", "/api/v1/platforms", owner, body);
  waiting.front().tcp().send(body);
  const auto finished = waiting.front().receive();
  const auto next = server.send("POST", "/api/v1/platforms", owner, body);

  EXPECT_EQ(refused.status, 503U) << refused.body;
  EXPECT_NE(refused.header("retry-after"), "");
  EXPECT_EQ(finished.status, 400) << "a description is shorter, and the server has read it all";
  EXPECT_EQ(next.status, 400U) << "its place is free again";
}

}  // namespace
}  // namespace togglecast::testing
