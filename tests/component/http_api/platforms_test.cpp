#include "api_fixture.hpp"

namespace togglecast::testing {
namespace {

constexpr const char* kWeb = R"({"key":"web","name":"Web","config":{"theme":"dark"}})";

std::string member(const HttpReply& reply, const char* name) {
  const json::value body = reply.parsed();
  const json::value* found = json::find(body, name);
  return found == nullptr ? "absent" : json::serialize(*found);
}

class Platforms : public ::testing::Test {
 protected:
  HttpReply create(const std::string& body = kWeb, const HttpHeaders& more = {}) {
    HttpHeaders headers = owner_;
    headers.insert(headers.end(), more.begin(), more.end());
    return server_.send("POST", "/api/v1/platforms", headers, body);
  }

  ApiServer server_;
  HttpHeaders owner_ = server_.owner();
};

TEST_F(Platforms, AreCreatedWithTheirPlaceRevisionAndTag) {
  const auto made = create();

  EXPECT_EQ(made.status, 201U) << made.body;
  EXPECT_EQ(made.header("location"), "/api/v1/platforms/1");
  EXPECT_EQ(made.header("togglecast-revision"), "1");
  EXPECT_EQ(made.header("etag"), "\"1.1\"");
  EXPECT_EQ(made.header("content-type"), "application/json");
  EXPECT_EQ(member(made, "enabled"), "true");
  EXPECT_EQ(member(made, "config"), R"({"theme":"dark"})");
}

TEST_F(Platforms, AreReadListedChangedSwitchedAndDeleted) {
  create();

  EXPECT_EQ(member(server_.get("/api/v1/platforms/1", owner_), "key"), R"("web")");
  const auto changed = server_.send("PATCH", "/api/v1/platforms/1", owner_, R"({"name":"The web"})");
  EXPECT_EQ(changed.status, 200U);
  EXPECT_EQ(member(changed, "name"), R"("The web")");
  EXPECT_EQ(changed.header("togglecast-revision"), "2");
  EXPECT_EQ(member(server_.send("POST", "/api/v1/platforms/1/toggle", owner_), "enabled"), "false");
  const auto same = server_.send("POST", "/api/v1/platforms/1/toggle", owner_, R"({"enabled":false})");
  EXPECT_EQ(same.header("togglecast-revision"), "3") << "nothing changed, so there is no new revision";
  const auto list = server_.get("/api/v1/platforms", owner_);
  EXPECT_EQ(list.parsed().at("items").as_array().size(), 1U);
  EXPECT_EQ(list.header("togglecast-revision"), "3");
  const auto deleted = server_.send("DELETE", "/api/v1/platforms/1", owner_);
  EXPECT_EQ(deleted.status, 204U);
  EXPECT_EQ(deleted.body, "");
  EXPECT_EQ(deleted.header("togglecast-revision"), "4");
  EXPECT_EQ(code_of(server_.get("/api/v1/platforms/1", owner_)), "not_found");
}

TEST_F(Platforms, AreListedPageByPage) {
  for (const char* key : {"a", "b", "c"}) create(std::string(R"({"name":"x","key":")") + key + "\"}");

  const auto first = server_.get("/api/v1/platforms?limit=2", owner_);
  const json::value one = first.parsed();
  const std::string cursor(json::string_or_empty(one, "next_cursor"));
  const auto second = server_.get("/api/v1/platforms?limit=2&cursor=" + cursor, owner_);

  EXPECT_EQ(first.parsed().at("items").as_array().size(), 2U);
  EXPECT_EQ(second.parsed().at("items").as_array().size(), 1U);
  EXPECT_EQ(member(second, "next_cursor"), "absent");
  EXPECT_EQ(member(second, "total"), "3");
}

TEST_F(Platforms, RefuseWhatIsWrongWithABodyByItsPointer) {
  const auto unknown = create(R"({"key":"web","name":"Web","colour":"red"})");
  EXPECT_EQ(unknown.status, 400U);
  EXPECT_EQ(code_of(unknown), "invalid_argument");
  EXPECT_EQ(pointer_of(unknown), "/colour");
  EXPECT_EQ(pointer_of(create(R"({"key":"web"})")), "/name");
  EXPECT_EQ(pointer_of(server_.send("POST", "/api/v1/platforms/1/toggle", owner_, R"({"enabled":1})")),
            "/enabled");
  create();
  const auto taken = create();
  EXPECT_EQ(taken.status, 409U);
  EXPECT_EQ(code_of(taken), "already_exists");
  EXPECT_EQ(pointer_of(taken), "/key");
}

TEST_F(Platforms, RefuseBodiesThatAreNoJsonObjects) {
  EXPECT_EQ(code_of(create("{\"key\":")), "parse_error");
  EXPECT_EQ(code_of(create("[1]")), "invalid_argument");
  EXPECT_EQ(code_of(server_.send("POST", "/api/v1/platforms", owner_)), "parse_error");
  const auto form = http(server_.port, "POST", "/api/v1/platforms",
                         with(owner_, "Content-Type", "application/x-www-form-urlencoded"), kWeb);
  EXPECT_EQ(form.status, 415U);
  EXPECT_EQ(code_of(form), "invalid_argument");
  const auto large = create(R"({"key":"web","name":")" + std::string(1'100'000, 'x') + "\"}");
  EXPECT_EQ(large.status, 413U);
  EXPECT_NE(large.body.find("payload_too_large"), std::string::npos);
}

TEST_F(Platforms, AreNamedByNumbersAndReadWithKnownParameters) {
  EXPECT_EQ(code_of(server_.get("/api/v1/platforms/web", owner_)), "not_found");
  EXPECT_EQ(code_of(server_.get("/api/v1/platforms/0", owner_)), "not_found");
  const auto typo = server_.get("/api/v1/platforms?limt=2", owner_);
  EXPECT_EQ(typo.status, 400U);
  EXPECT_NE(typo.body.find("limt"), std::string::npos);
  EXPECT_EQ(server_.get("/api/v1/platforms?limit=0", owner_).status, 400U);
  EXPECT_EQ(server_.get("/api/v1/platforms?limit=1001", owner_).status, 400U);
  EXPECT_EQ(server_.get("/api/v1/platforms?sort=colour", owner_).status, 400U);
}

TEST_F(Platforms, AreChangedOnlyAsTheyWereReadWhenAskedTo) {
  create();
  const auto stale =
      server_.send("PATCH", "/api/v1/platforms/1", with(owner_, "If-Match", "\"1.7\""), R"({"name":"x"})");
  EXPECT_EQ(stale.status, 409U);
  EXPECT_EQ(code_of(stale), "conflict");
  EXPECT_EQ(server_.send("DELETE", "/api/v1/platforms/1", with(owner_, "If-Match", "\"1.7\"")).status, 409U);
  EXPECT_EQ(server_.send("DELETE", "/api/v1/platforms/1", with(owner_, "If-Match", "7")).status, 400U);

  const json::value both = stale.parsed();
  EXPECT_EQ(both.at("current").at("name"), json::value("Web"));
  EXPECT_EQ(both.at("expected_revision"), json::value(7));
  EXPECT_EQ(json::find(both, "expected"), nullptr) << "nobody knew such a version";

  const auto fresh = server_.send("POST", "/api/v1/platforms/1/toggle", with(owner_, "If-Match", "\"1.1\""));

  EXPECT_EQ(fresh.status, 200U);
  EXPECT_EQ(fresh.header("etag"), "\"1.2\"");
}

TEST_F(Platforms, AreShownInBothVersionsToWhomKnewAnOlderOne) {
  create();
  server_.send("PATCH", "/api/v1/platforms/1", owner_, R"({"name":"Newer"})");

  const auto lost =
      server_.send("PATCH", "/api/v1/platforms/1", with(owner_, "If-Match", "\"1.1\""), R"({"name":"Mine"})");

  EXPECT_EQ(lost.status, 409U);
  EXPECT_EQ(code_of(lost), "conflict");
  const json::value both = lost.parsed();
  EXPECT_EQ(both.at("current").at("name"), json::value("Newer"));
  EXPECT_EQ(both.at("current").at("revision"), json::value(2));
  EXPECT_EQ(both.at("expected_revision"), json::value(1));
  EXPECT_EQ(both.at("expected").at("name"), json::value("Web"));
}

TEST_F(Platforms, AreNotSentAgainToWhomHasThem) {
  create();

  const auto again = server_.get("/api/v1/platforms/1", with(owner_, "If-None-Match", "\"1.9\", W/\"1.1\""));
  const auto other = server_.get("/api/v1/platforms/1", with(owner_, "If-None-Match", "\"1\""));

  EXPECT_EQ(again.status, 304U);
  EXPECT_EQ(again.body, "");
  EXPECT_EQ(again.header("etag"), "\"1.1\"");
  EXPECT_EQ(other.status, 200U);
}

TEST_F(Platforms, TakeEachFormOfTheirTag) {
  create();
  int revision = 1;
  const auto toggled = [&](const std::string& tags) {
    const auto reply = server_.send("POST", "/api/v1/platforms/1/toggle", with(owner_, "If-Match", tags));
    if (reply.status == 200U) ++revision;
    return reply.status;
  };
  const auto now = [&](const std::string& before, const std::string& after) {
    return before + "1." + std::to_string(revision) + after;
  };

  EXPECT_EQ(toggled(now("\"", "\"")), 200U);
  EXPECT_EQ(toggled(now("W/\"", "\"")), 200U);
  EXPECT_EQ(toggled(now("\"", "-br\"")), 200U);
  EXPECT_EQ(toggled(now("W/\"", "-gzip\"")), 200U);
  EXPECT_EQ(toggled(now("\"", ";gz\"")), 200U);
  EXPECT_EQ(toggled(now("\"1.77\" , \"", "\"")), 200U);
  EXPECT_EQ(toggled("*"), 200U);
  EXPECT_EQ(toggled("\"1.1\", W/\"1.2-br\""), 409U);
  EXPECT_EQ(toggled(now("\"", "1\"")), 409U) << "another number, not a mark";
  const auto read = [&](const std::string& tags) {
    return server_.get("/api/v1/platforms/1", with(owner_, "If-None-Match", tags)).status;
  };
  EXPECT_EQ(read(now("W/\"", "-br\"")), 304U);
  EXPECT_EQ(read(now("\"1.1\",\"", ";gz\"")), 304U);
  EXPECT_EQ(read("*"), 304U);
  EXPECT_EQ(read("\"1.1\", \"any\""), 200U);
}

TEST_F(Platforms, RefuseATagThatTheyCannotHaveGiven) {
  create();
  const auto reason = [&](const std::string& header, const std::string& tags) {
    const auto reply = header == "If-Match"
                           ? server_.send("DELETE", "/api/v1/platforms/1", with(owner_, header, tags))
                           : server_.get("/api/v1/platforms/1", with(owner_, header, tags));
    EXPECT_EQ(reply.status, 400U) << reply.body;
    return std::string(json::string_or_empty(reply.parsed(), "detail"));
  };

  EXPECT_EQ(
      reason("If-Match", "\"1\""),
      "the header If-Match has \"1\", a revision without its epoch; send the ETag as it was answered, such "
      "as \"1.1\"");
  EXPECT_EQ(
      reason("If-Match", "\"1.1\", \"abc\""),
      "the header If-Match has \"abc\", which is no ETag of an entity; send one as it was answered, such as "
      "\"1.42\"");
  for (const char* header : {"If-Match", "If-None-Match"})
    EXPECT_EQ(reason(header, "\"1.1\", 1.2"),
              std::string("the header ") + header + " is malformed at byte 8: expected is an ETag in quotes");
}

TEST_F(Platforms, CarryTheirTagInEveryAnswer) {
  const auto made = create();
  const auto tag = [](const json::value& body) { return json::string_or_empty(body, "etag"); };

  EXPECT_EQ(tag(made.parsed()), made.header("etag"));
  EXPECT_EQ(tag(server_.get("/api/v1/platforms/1", owner_).parsed()), "\"1.1\"");
  EXPECT_EQ(tag(server_.get("/api/v1/platforms/1?at=1.1", owner_).parsed()), "\"1.1\"");
  EXPECT_EQ(tag(server_.get("/api/v1/platforms", owner_).parsed().at("items").at(0)), "\"1.1\"");
  EXPECT_EQ(tag(server_.get("/api/v1/state", owner_).parsed().at("state").at("platforms").at(0)), "\"1.1\"");
  EXPECT_EQ(tag(server_.send("POST", "/api/v1/platforms/1/toggle", owner_).parsed()), "\"1.2\"");
}

TEST_F(Platforms, TakeTheirOwnBodyBackWithItsTag) {
  json::value body = create().parsed();
  body.as_object()["name"] = "Shop";
  const auto patch = [&] {
    return server_.send("PATCH", "/api/v1/platforms/1", owner_, json::serialize(body));
  };

  EXPECT_EQ(patch().status, 200U);
  const auto stale = patch();
  body.as_object().erase("revision");
  const auto stale_by_tag = patch();
  body.as_object()["etag"] = "1";
  const auto wrong = patch();

  EXPECT_EQ(code_of(stale), "conflict");
  EXPECT_EQ(code_of(stale_by_tag), "conflict");
  EXPECT_EQ(pointer_of(wrong), "/etag");
}

TEST_F(Platforms, ARepeatedRequestIsDoneOnce) {
  const std::string web = R"({"key":"web","name":"Web","config":{"theme":"dark","page":{"b":1,"a":2}}})";
  const auto first = create(web, {{"Idempotency-Key", "k1"}});
  const auto second = create(web, {{"Idempotency-Key", "k1"}});
  const auto other = create(R"({"key":"app","name":"App"})", {{"Idempotency-Key", "k1"}});

  EXPECT_EQ(second.status, 201U);
  EXPECT_EQ(second.body, first.body);
  EXPECT_EQ(first.header("idempotency-replayed"), "");
  EXPECT_EQ(second.header("idempotency-replayed"), "true");
  EXPECT_EQ(second.header("togglecast-revision"), "1");
  EXPECT_EQ(other.status, 409U);
  EXPECT_EQ(code_of(create(kWeb, {{"Idempotency-Key", "with space"}})), "invalid_argument");
}

TEST_F(Platforms, AKeyUsedForAnotherRequestIsNoFailedPrecondition) {
  create(kWeb, {{"Idempotency-Key", "k1"}});

  const auto reused = server_.send("POST", "/api/v1/platforms/1/toggle",
                                   with(with(owner_, "If-Match", "\"1.1\""), "Idempotency-Key", "k1"));

  EXPECT_EQ(reused.status, 409U) << reused.body;
}

TEST_F(Platforms, BelongToRoles) {
  const auto viewer = server_.admin("vera", domain::Role::viewer);
  const auto editor = server_.admin("ed", domain::Role::editor);
  const auto client = server_.client(owner_);

  EXPECT_EQ(server_.get("/api/v1/platforms", viewer).status, 200U);
  const auto refused = server_.send("POST", "/api/v1/platforms", viewer, kWeb);
  EXPECT_EQ(refused.status, 403U);
  EXPECT_EQ(code_of(refused), "forbidden");
  EXPECT_EQ(server_.send("POST", "/api/v1/platforms", editor, kWeb).status, 201U);
  EXPECT_EQ(code_of(server_.get("/api/v1/platforms", client)), "forbidden");
}

}  // namespace
}  // namespace togglecast::testing
