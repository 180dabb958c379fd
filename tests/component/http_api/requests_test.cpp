// What all requests have in common: revisions, methods, parameters, the description.
#include <map>
#include <string>
#include <thread>

#include "api_fixture.hpp"

namespace togglecast::testing {
namespace {

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

}  // namespace
}  // namespace togglecast::testing
