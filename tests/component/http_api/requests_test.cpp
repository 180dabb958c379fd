// What all requests have in common: origins, revisions, rates, methods, health.
#include <atomic>
#include <future>
#include <map>
#include <thread>

#include "api_fixture.hpp"
#include "support/eventually.hpp"
#include "support/http_client.hpp"

namespace togglecast::testing {
namespace {

HouseOptions with_origin(const std::string& origin) {
  HouseOptions options;
  options.api.cors.origins = {origin};
  return options;
}

TEST(Origins, AreRefusedByDefaultBeforeAnythingHappens) {
  ApiServer server;
  const auto owner = server.owner();

  const auto refused = server.send("POST", "/api/v1/platforms", with(owner, "Origin", "https://app.example"),
                                   R"({"key":"web","name":"Web"})");

  EXPECT_EQ(refused.status, 403U);
  EXPECT_EQ(code_of(refused), "forbidden");
  EXPECT_NE(refused.body.find("--cors-origin https://app.example"), std::string::npos) << refused.body;
  EXPECT_EQ(refused.header("access-control-allow-origin"), "");
  EXPECT_EQ(server.get("/api/v1/platforms", owner).parsed().at("items").as_array().size(), 0U);
  const auto login = server.send("POST", "/api/v1/auth/login", {{"Origin", "https://app.example"}},
                                 R"({"username":"owner","password":"owner-password"})");
  EXPECT_EQ(login.status, 403U);
}

TEST(Origins, OfThisServerItselfAreAtHome) {
  const ApiServer server;
  const std::string own = "http://localhost:" + std::to_string(server.port);

  const auto reply = server.send("POST", "/api/v1/platforms", with(server.owner(), "Origin", own),
                                 R"({"key":"web","name":"Web"})");

  EXPECT_EQ(reply.status, 201U);
}

TEST(Origins, ThatAreAllowedMayReadWhatTheyNeed) {
  const ApiServer server(with_origin("https://app.example"));
  const HttpHeaders page{{"Origin", "https://app.example"},
                         {"Access-Control-Request-Method", "PATCH"},
                         {"Access-Control-Request-Headers", "authorization,content-type"}};

  const auto preflight = server.send("OPTIONS", "/api/v1/platforms/1", page);
  const auto read = server.get("/api/v1/platforms", with(server.owner(), "Origin", "https://app.example"));
  const auto refused = server.get("/api/v1/platforms", {{"Origin", "https://app.example"}});

  EXPECT_EQ(preflight.status, 204U);
  EXPECT_EQ(preflight.header("access-control-allow-origin"), "https://app.example");
  EXPECT_NE(preflight.header("access-control-allow-methods").find("PATCH"), std::string::npos);
  EXPECT_NE(preflight.header("access-control-allow-headers").find("Idempotency-Key"), std::string::npos);
  EXPECT_EQ(read.header("access-control-allow-origin"), "https://app.example");
  for (const char* name : {"ETag", "Retry-After", "Togglecast-Revision"})
    EXPECT_NE(read.header("access-control-expose-headers").find(name), std::string::npos) << name;
  EXPECT_EQ(refused.status, 401U);
  EXPECT_EQ(refused.header("access-control-allow-origin"), "https://app.example")
      << "a page must be able to read why";
}

TEST(Origins, ThatAreAllowedMayTraceTheirRequestsAndSendWhatTheOperatorAdds) {
  HouseOptions options = with_origin("https://app.example");
  options.api.cors.allowed_headers = {"x-tenant"};
  options.api.cors.max_age = std::chrono::seconds{600};
  const ApiServer server(options);

  for (const char* path : {"/api/v1/platforms", "/api/v1/auth/login", "/api/v1/openapi.json"}) {
    const auto preflight = server.send("OPTIONS", path, {{"Origin", "https://app.example"}});
    EXPECT_EQ(preflight.status, 204U) << path;
    EXPECT_EQ(preflight.header("access-control-max-age"), "600") << path;
    for (const char* name : {"Authorization", "traceparent", "tracestate", "baggage", "sentry-trace",
                             "x-request-id", "x-tenant"})
      EXPECT_NE(preflight.header("access-control-allow-headers").find(name), std::string::npos) << name;
  }
}

TEST(Origins, ThatAreForeignLearnSoFromThePreflight) {
  const ApiServer server(with_origin("https://app.example"));

  const auto preflight = server.send("OPTIONS", "/api/v1/platforms", {{"Origin", "https://evil.example"}});

  EXPECT_EQ(preflight.status, 403U);
  EXPECT_EQ(preflight.header("access-control-allow-methods"), "");
}

TEST(Revisions, AreWaitedForOnlySoLong) {
  HouseOptions options;
  options.api.min_revision_wait = Milliseconds{20};
  ApiServer server(options);
  const auto owner = server.owner();

  const auto late = server.get("/api/v1/platforms", with(owner, "Togglecast-Min-Revision", "1"));

  EXPECT_EQ(late.status, 503U);
  EXPECT_EQ(code_of(late), "unavailable");
  EXPECT_GE(std::stoi(late.header("retry-after")), 1);
  EXPECT_LE(std::stoi(late.header("retry-after")), 2);
  EXPECT_EQ(late.header("togglecast-revision"), "0");
  EXPECT_EQ(server.get("/api/v1/platforms", with(owner, "Togglecast-Min-Revision", "0")).status, 200U);
  EXPECT_EQ(server.get("/api/v1/platforms", with(owner, "Togglecast-Min-Revision", "\"0\"")).status, 200U);
  EXPECT_EQ(server.get("/api/v1/platforms", with(owner, "Togglecast-Min-Revision", "soon")).status, 400U);
  EXPECT_EQ(late.header("togglecast-epoch"), "1");
  EXPECT_EQ(server.get("/api/v1/platforms", with(owner, "Togglecast-Min-Revision", "1.0")).status, 200U);
  EXPECT_EQ(server.get("/api/v1/platforms", with(owner, "Togglecast-Min-Revision", "\"1.0\"")).status, 200U);
}

TEST(Revisions, OfAnotherEpochAreNotWaitedFor) {
  HouseOptions options;
  options.api.min_revision_wait = std::chrono::minutes{10};
  ApiServer server(options);
  const auto owner = server.owner();

  const auto other = server.get("/api/v1/platforms", with(owner, "Togglecast-Min-Revision", "2.1"));

  EXPECT_EQ(other.status, 409U);
  EXPECT_EQ(code_of(other), "conflict");
}

TEST(Revisions, ThatArriveMeanwhileAreAnswered) {
  HouseOptions options;
  options.api.min_revision_wait = std::chrono::minutes{1};
  ApiServer server(options);
  const auto owner = server.owner();
  HttpReply waited;
  std::thread reader(
      [&] { waited = server.get("/api/v1/platforms", with(owner, "Togglecast-Min-Revision", "1")); });

  server.send("POST", "/api/v1/platforms", owner, R"({"key":"web","name":"Web"})");
  reader.join();

  EXPECT_EQ(waited.status, 200U);
  EXPECT_EQ(waited.parsed().at("items").as_array().size(), 1U);
}

// What each sort of answer is to a request with these headers, by its name.
std::map<std::string, HttpReply> every_sort_of_answer(const ApiServer& server, const HttpHeaders& who) {
  const std::string web = R"({"key":"web","name":"Web"})";
  const HttpHeaders as_text = with(who, "Content-Type", "text/plain");
  return {{"list", server.get("/api/v1/platforms", who)},
          {"no entity", server.get("/api/v1/platforms/9", who)},
          {"no path", server.get("/api/v1/colours", who)},
          {"no method", server.send("PUT", "/api/v1/platforms/1", who)},
          {"unknown method", http(server.port, "BREW", "/api/v1/platforms", who)},
          {"options", server.send("OPTIONS", "/api/v1/platforms", who)},
          {"foreign preflight",
           server.send("OPTIONS", "/api/v1/platforms", with(who, "Origin", "https://evil.example"))},
          {"foreign page",
           server.send("POST", "/api/v1/platforms", with(who, "Origin", "https://evil.example"), web)},
          {"large", server.send("POST", "/api/v1/platforms", who, std::string(1'100'000, 'x'))},
          {"no JSON", http(server.port, "POST", "/api/v1/platforms", as_text, web)},
          {"bad login", server.send("POST", "/api/v1/auth/login", who, R"({"username":"owner"})")},
          {"description", server.get("/api/v1/openapi.json", who)}};
}

TEST(Revisions, AreToldInEveryAnswerToAnAdmin) {
  ApiServer server;
  const auto owner = server.owner();
  server.send("POST", "/api/v1/platforms", owner, R"({"key":"app","name":"App"})");

  for (const auto& [name, reply] : every_sort_of_answer(server, owner))
    EXPECT_EQ(reply.header("togglecast-revision"), "1") << name << ": " << reply.status;
  const auto description = server.get("/api/v1/openapi.json", owner);
  const auto known =
      server.get("/api/v1/openapi.json", with(owner, "If-None-Match", description.header("etag")));
  EXPECT_EQ(known.status, 304U);
  EXPECT_EQ(known.header("togglecast-revision"), "1");
}

TEST(Revisions, AreToldToClientsThatAreRefused) {
  ApiServer server;
  const auto client = server.client(server.owner());

  const auto refused = server.get("/api/v1/platforms", client);

  EXPECT_EQ(refused.status, 403U);
  EXPECT_EQ(refused.header("togglecast-revision"), "2");
}

TEST(Revisions, AreNobodyElsesBusiness) {
  ApiServer server;
  const auto gone = server.owner();
  server.send("POST", "/api/v1/platforms", gone, R"({"key":"app","name":"App"})");
  server.send("POST", "/api/v1/auth/logout", gone);

  for (const HttpHeaders& who : {HttpHeaders{}, ApiServer::bearer("a.b.c"), gone})
    for (const auto& [name, reply] : every_sort_of_answer(server, who))
      EXPECT_EQ(reply.header("togglecast-revision"), "") << name << ": " << reply.status;
}

TEST(Requests, AreAskedWhoseTheyAreBeforeHowTheyCome) {
  ApiServer server;
  const auto as_text = [&](const std::string& path, const HttpHeaders& who) {
    return http(server.port, "POST", path, with(who, "Content-Type", "text/plain"), "{}");
  };

  EXPECT_EQ(code_of(as_text("/api/v1/platforms", {})), "unauthenticated");
  EXPECT_EQ(code_of(as_text("/api/v1/platforms", server.client(server.owner()))), "forbidden");
  EXPECT_EQ(as_text("/api/v1/platforms", server.owner()).status, 415U);
  EXPECT_EQ(as_text("/api/v1/auth/login", {}).status, 415U) << "nobody has a token there";
}

TEST(Requests, ThatCannotBeReadHaveAnIdThatTheLogHas) {
  ApiServer server;
  const auto large = [&] {
    return server.send("POST", "/api/v1/platforms", server.owner(), std::string(1'100'000, 'x'));
  };

  const auto first = large();
  const auto second = large();

  EXPECT_EQ(first.status, 413U);
  EXPECT_EQ(code_of(first), "payload_too_large") << "which compares the id in the body with the header";
  EXPECT_FALSE(first.header("x-request-id").empty());
  EXPECT_NE(first.header("x-request-id"), second.header("x-request-id"));
  EXPECT_NE(server.log().find("\"request_id\":\"" + first.header("x-request-id") + '"'), std::string::npos)
      << server.log();
}

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
  ApiServer server;
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

TEST(Requests, ReachTheSamePathWithASlashAtItsEnd) {
  ApiServer server;
  const auto owner = server.owner();

  EXPECT_EQ(server.send("POST", "/api/v1/platforms/", owner, R"({"key":"web","name":"Web"})").status, 201U);
  EXPECT_EQ(server.get("/api/v1/platforms/1/", owner).status, 200U);
  EXPECT_EQ(server.get("/healthz/").status, 200U);
  EXPECT_EQ(server.send("DELETE", "/api/v1/platforms/", owner).status, 405U);
}

TEST(Requests, ThatOfferAnotherProtocolAreServedInThisOne) {
  const ApiServer server;

  const auto reply = server.get("/healthz", {{"Connection", "Upgrade, HTTP2-Settings"},
                                             {"Upgrade", "h2c"},
                                             {"HTTP2-Settings", "AAMAAABkAAQCAAAAAAIAAAAA"}});

  EXPECT_EQ(reply.status, 200U);
}

TEST(Description, IsCompressedForThoseWhoTakeIt) {
  const ApiServer server;
  const std::string path = "/api/v1/openapi.json";

  const auto plain = server.get(path);
  const auto compressed = server.get(path, {{"Accept-Encoding", "gzip"}});

  EXPECT_EQ(plain.header("content-encoding"), "");
  EXPECT_EQ(compressed.header("content-encoding"), "gzip");
  EXPECT_LT(compressed.body.size(), plain.body.size() / 4);
  EXPECT_EQ(compressed.body.substr(0, 2), "\x1f\x8b");
  EXPECT_EQ(compressed.header("vary"), "Accept-Encoding");
  EXPECT_NE(compressed.header("etag"), plain.header("etag"));
  for (const auto* known : {&plain, &compressed})
    EXPECT_EQ(server.get(path, {{"If-None-Match", known->header("etag")}}).status, 304U);
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

TEST(Parameters, ThatAnOperationDoesNotHaveAreRefusedByName) {
  ApiServer server;
  const auto owner = server.owner();
  server.send("POST", "/api/v1/platforms", owner, R"({"key":"web","name":"Web"})");
  const auto platform = server.get("/api/v1/platforms/1", owner);
  struct {
    std::string method, target, parameter;
  } const requests[] = {
      {"GET", "/api/v1/platforms?colour=red", "colour"},
      {"GET", "/api/v1/platforms/1?colour=red", "colour"},
      {"PATCH", "/api/v1/platforms/1?at=1", "at"},
      {"POST", "/api/v1/platforms/1/toggle?enabled=false", "enabled"},
      {"DELETE", "/api/v1/platforms/1?forced=true", "forced"},
      {"DELETE", "/api/v1/platforms/1?=true", ""},
      {"GET", "/api/v1/admins/1?at=1", "at"},
      {"DELETE", "/api/v1/admins/1?force=true", "force"},
      {"POST", "/api/v1/auth/logout?all=true", "all"},
  };

  for (const auto& [method, target, parameter] : requests) {
    const auto refused = server.send(method, target, owner);
    EXPECT_EQ(refused.status, 400U) << method << ' ' << target;
    EXPECT_EQ(code_of(refused), "invalid_argument");
    EXPECT_NE(refused.body.find("this path has no parameter '" + parameter + "'"), std::string::npos)
        << refused.body;
  }
  EXPECT_EQ(server.get("/api/v1/platforms/1", owner).body, platform.body) << "nothing was done";
  EXPECT_EQ(server.get("/api/v1/platforms?enabled=true&enabled=false", owner).status, 400U)
      << "which one is meant?";
  EXPECT_EQ(server.get("/healthz?now=1").status, 200U) << "probes and pages take any";
}

TEST(Methods, ThatARouteLacksAreNamed) {
  const ApiServer server;

  const auto reply = server.send("PUT", "/api/v1/platforms/1");
  const auto options = server.send("OPTIONS", "/api/v1/platforms/1");

  EXPECT_EQ(reply.status, 405U);
  EXPECT_EQ(reply.header("allow"), "GET, HEAD, PATCH, DELETE, OPTIONS");
  EXPECT_EQ(options.status, 204U);
  EXPECT_EQ(options.header("allow"), "GET, HEAD, PATCH, DELETE, OPTIONS");
  EXPECT_EQ(code_of(server.get("/api/v2/platforms")), "not_found");
}

TEST(Health, SaysLittleToEverybody) {
  ApiServer server;

  EXPECT_EQ(server.get("/healthz").body, R"({"status":"ok"})");
  EXPECT_EQ(server.get("/readyz").body, R"({"status":"ready"})");
  server.api().enter(http_api::Phase::draining);
  const auto draining = server.get("/readyz");
  EXPECT_EQ(draining.status, 503U);
  EXPECT_EQ(draining.body, R"({"status":"draining"})");
  EXPECT_EQ(server.get("/healthz").status, 200U);
}

TEST(Health, SaysMoreToAdminsAndOnTheListenerOfItsOwn) {
  ApiServer server;
  const auto owner = server.owner();
  const auto client = server.client(owner);
  for (const std::string path : {"/metrics", "/healthz/details"}) {
    EXPECT_EQ(code_of(server.get(path)), "unauthenticated") << "this machine is no credential: " << path;
    EXPECT_EQ(code_of(server.get(path, client)), "forbidden") << path;
    EXPECT_EQ(server.get(path, owner).status, 200U) << path;
    EXPECT_EQ(http(server.metrics_port, "GET", path, {{"X-Forwarded-For", "192.0.2.7"}}).status, 200U)
        << path;
  }
  EXPECT_EQ(server.get("/healthz/details", owner).parsed().at("store").at("status"), json::value("ok"));
  EXPECT_EQ(http(server.metrics_port, "GET", "/api/v1/platforms", owner).status, 404U);
}

TEST(Health, MetricsCountRequestsByRoute) {
  ApiServer server;
  const auto owner = server.owner();
  server.get("/api/v1/platforms/1", owner);

  const auto reply = server.get("/metrics", owner);

  EXPECT_EQ(reply.header("content-type"), "text/plain; version=0.0.4; charset=utf-8");
  EXPECT_NE(reply.body.find("togglecast_http_requests_total{method=\"GET\",route=\"/api/v1/platforms/{id}\","
                            "status=\"4xx\"} 1"),
            std::string::npos)
      << reply.body;
}

TEST(FrontPage, ShowsCommandsForTheAddressItWasReachedAt) {
  HouseOptions options;
  options.api.version = "1.2.3";
  const ApiServer server(options);

  const auto page = server.get("/", {{"Host", "toggles.example:8080"}});
  const auto odd = server.get("/", {{"Host", "a'$(x)"}});

  EXPECT_EQ(page.status, 200U);
  EXPECT_EQ(page.header("content-type"), "text/html; charset=utf-8");
  EXPECT_NE(page.header("content-security-policy").find("default-src 'none'; style-src 'sha256-"),
            std::string::npos);
  EXPECT_NE(page.body.find("http://toggles.example:8080/api/v1/auth/login"), std::string::npos);
  EXPECT_NE(page.body.find("version 1.2.3 · environment production"), std::string::npos);
  EXPECT_EQ(page.body.find('@'), page.body.find("@media")) << "nothing is left to fill in";
  EXPECT_NE(odd.body.find("http://localhost/api/v1/auth/login"), std::string::npos);
}

TEST(FrontPage, KnowsTheSchemeFromATrustedProxy) {
  HouseOptions options;
  options.proxies = web::TrustedProxies::parse({"127.0.0.1"}).value();
  const ApiServer server(options);

  const auto page = server.get(
      "/", {{"Host", "toggles.example"}, {"X-Forwarded-For", "192.0.2.7"}, {"X-Forwarded-Proto", "https"}});

  EXPECT_NE(page.body.find("https://toggles.example/client"), std::string::npos);
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
