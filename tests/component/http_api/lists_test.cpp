// Lists: search, filters, order, cursors, tags; and answers in gzip.
#include <zlib.h>

#include <algorithm>
#include <map>

#include "api_fixture.hpp"

namespace togglecast::testing {
namespace {

std::string gunzip(std::string_view bytes) {
  z_stream stream{};
  inflateInit2(&stream, 15 + 16);
  std::string out(4'000'000, '\0');
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(bytes.data()));
  stream.avail_in = static_cast<uInt>(bytes.size());
  stream.next_out = reinterpret_cast<Bytef*>(out.data());
  stream.avail_out = static_cast<uInt>(out.size());
  EXPECT_EQ(inflate(&stream, Z_FINISH), Z_STREAM_END);
  out.resize(stream.total_out);
  inflateEnd(&stream);
  return out;
}

HouseOptions without_write_rate() {
  HouseOptions options;
  options.api.writes = {.per_second = 1e6, .burst = 1e6};
  return options;
}

class Lists : public ::testing::Test {
 protected:
  void create(const std::string& key, const std::string& name, bool active = true) {
    const json::object body{{"key", key}, {"name", name}, {"active", active}};
    const auto made = server_.send("POST", "/api/v1/clients", owner_, json::serialize(body));
    EXPECT_EQ(made.status, 201U) << made.body;
  }
  std::string keys(const std::string& query) const {
    const auto reply = server_.get("/api/v1/clients?" + query, owner_);
    EXPECT_EQ(reply.status, 200U) << reply.body;
    std::string out;
    const json::value body = reply.parsed();
    for (const auto& item : body.at("items").as_array())
      out += (out.empty() ? "" : " ") + std::string(json::string_or_empty(item, "key"));
    return out;
  }

  ApiServer server_{without_write_rate()};
  HttpHeaders owner_ = server_.owner();
};

TEST_F(Lists, AreSearchedFilteredAndSorted) {
  create("acme", "Ümlaut GmbH");
  create("beta", "Zoo", false);
  create("core", "acme two");

  EXPECT_EQ(keys("q=ACME&sort=-key"), "core acme");
  EXPECT_EQ(keys("q=%C3%BCML"), "acme");
  EXPECT_EQ(keys("active=false"), "beta");
  EXPECT_EQ(keys("package=none&sort=name"), "core beta acme");
  EXPECT_EQ(keys("package=7"), "");
  EXPECT_EQ(code_of(server_.get("/api/v1/clients?active=1", owner_)), "invalid_argument");
  EXPECT_EQ(code_of(server_.get("/api/v1/clients?enabled=true", owner_)), "invalid_argument");
  EXPECT_EQ(code_of(server_.get("/api/v1/clients?q=" + std::string(201, 'x'), owner_)), "invalid_argument");
}

TEST_F(Lists, ACursorOfAnotherListIsRefusedByName) {
  create("a", "A");
  create("b", "B");
  const auto first = server_.get("/api/v1/clients?limit=1&sort=key", owner_).parsed();
  const std::string cursor(json::string_or_empty(first, "next_cursor"));

  EXPECT_EQ(keys("limit=1&sort=key&cursor=" + cursor), "b");
  for (const std::string& query :
       {"limit=1&cursor=" + cursor, std::string("cursor=x"), std::string("cursor=")}) {
    const auto refused = server_.get("/api/v1/clients?" + query, owner_);
    EXPECT_EQ(refused.status, 400U) << query;
    EXPECT_NE(refused.body.find("the parameter cursor"), std::string::npos) << refused.body;
  }
}

TEST_F(Lists, AreNotSentAgainWhileNothingChanged) {
  create("a", "A");
  const auto first = server_.get("/api/v1/clients?sort=key", owner_);
  const std::string tag = first.header("etag");
  EXPECT_EQ(tag, "\"1.1\"");

  const auto same = server_.get("/api/v1/clients?sort=key", with(owner_, "If-None-Match", tag));
  create("b", "B");
  const auto later = server_.get("/api/v1/clients?sort=key", with(owner_, "If-None-Match", tag));

  EXPECT_EQ(same.status, 304U);
  EXPECT_EQ(same.body, "");
  EXPECT_EQ(same.header("etag"), tag);
  EXPECT_EQ(later.status, 200U);
  EXPECT_NE(later.header("etag"), tag);
}

TEST_F(Lists, AndStatesAndTheFeedAreNotSentAgainWhileTheyAreTheSame) {
  create("a", "A");
  create("b", "B");
  const std::string now[] = {"/api/v1/state", "/api/v1/state/diff?from=0", "/api/v1/activity?limit=1",
                             "/api/v1/clients/1/effective"};
  const std::string past[] = {"/api/v1/state?at=1", "/api/v1/state/diff?from=0&to=1"};
  std::map<std::string, std::string> tags;
  const auto status = [&](const std::string& target) {
    return server_.get(target, with(owner_, "If-None-Match", tags[target])).status;
  };

  const auto take_tag = [&](const std::string& target) {
    tags[target] = server_.get(target, owner_).header("etag");
    EXPECT_NE(tags[target], "") << target;
    EXPECT_EQ(status(target), 304U) << target;
  };

  std::for_each(std::begin(now), std::end(now), take_tag);
  std::for_each(std::begin(past), std::end(past), take_tag);
  create("c", "C");

  for (const std::string& target : now) EXPECT_EQ(status(target), 200U) << target;
  for (const std::string& target : past) EXPECT_EQ(status(target), 304U) << target;
  EXPECT_NE(tags["/api/v1/state"], tags["/api/v1/state?at=1"]);
}

TEST_F(Lists, AnswersThatDependOnTheRoleHaveOtherTags) {
  create("a", "A");
  const auto vera = server_.admin("vera", domain::Role::viewer);

  for (const char* target : {"/api/v1/state", "/api/v1/state/diff?from=0", "/api/v1/activity"}) {
    const std::string seen_by_owner = server_.get(target, owner_).header("etag");
    EXPECT_EQ(seen_by_owner, "\"1.1\"") << target;
    EXPECT_EQ(server_.get(target, vera).header("etag"), "\"1.1.viewer\"") << target;
    EXPECT_EQ(server_.get(target, with(vera, "If-None-Match", seen_by_owner)).status, 200U) << target;
  }
}

TEST_F(Lists, OfManyAreLookedThroughBesideTheShard) {
  for (int i = 0; i < 1'100; ++i) create("c" + std::to_string(i), "Client " + std::to_string(i));

  const auto found = server_.get("/api/v1/clients?q=client%2099&limit=1000&sort=-key", owner_).parsed();
  const auto all = server_.get("/api/v1/clients?limit=1000", with(owner_, "Accept-Encoding", "gzip"));

  EXPECT_EQ(found.at("total"), json::value(11));
  EXPECT_EQ(found.at("items").as_array().front().at("key"), json::value("c999"));
  EXPECT_EQ(all.header("content-encoding"), "gzip");
  EXPECT_EQ(json::parse(gunzip(all.body)).value().at("items").as_array().size(), 1'000U);
}

TEST_F(Lists, OfTokensHaveATagAndATotal) {
  create("a", "A");
  server_.send("POST", "/api/v1/clients/1/tokens", owner_);

  const auto tokens = server_.get("/api/v1/clients/1/tokens", owner_);

  EXPECT_EQ(tokens.parsed().at("total"), json::value(1));
  EXPECT_EQ(
      server_.get("/api/v1/clients/1/tokens", with(owner_, "If-None-Match", tokens.header("etag"))).status,
      304U);
}

TEST_F(Lists, LargeAnswersAreSmallerForWhomWantsThemSo) {
  const std::string body = R"({"key":"web","name":"Web","description":")" + std::string(3'000, 'x') + "\"}";
  server_.send("POST", "/api/v1/platforms", owner_, body);

  const auto plain = server_.get("/api/v1/platforms/1", owner_);
  const auto small = server_.get("/api/v1/platforms/1", with(owner_, "Accept-Encoding", "br, gzip;q=0.5"));
  const auto refused = server_.get("/api/v1/platforms/1", with(owner_, "Accept-Encoding", "gzip;q=0, *"));

  EXPECT_EQ(plain.header("content-encoding"), "");
  EXPECT_EQ(plain.header("vary"), "Accept-Encoding");
  EXPECT_EQ(plain.header("etag"), "\"1.1\"");
  EXPECT_EQ(refused.body, plain.body);
  EXPECT_EQ(small.header("content-encoding"), "gzip");
  EXPECT_EQ(small.header("vary"), "Accept-Encoding");
  EXPECT_LT(small.body.size(), 1'000U);
  EXPECT_EQ(gunzip(small.body), plain.body);
  EXPECT_EQ(small.header("etag"), "\"1.1-gzip\"");
}

TEST_F(Lists, TheTagOfASmallerAnswerIsAsGood) {
  const std::string body = R"({"key":"web","name":"Web","description":")" + std::string(3'000, 'x') + "\"}";
  server_.send("POST", "/api/v1/platforms", owner_, body);
  const auto small = server_.get("/api/v1/platforms/1", with(owner_, "Accept-Encoding", "gzip"));
  const std::string tag = small.header("etag");

  const auto same = server_.get("/api/v1/platforms/1", with(owner_, "If-None-Match", tag));
  EXPECT_EQ(same.status, 304U);
  EXPECT_EQ(same.header("etag"), tag);
  EXPECT_EQ(server_.send("POST", "/api/v1/platforms/1/toggle", with(owner_, "If-Match", tag)).status, 200U);
  EXPECT_EQ(server_.send("POST", "/api/v1/platforms/1/toggle", with(owner_, "If-Match", tag)).status, 409U);
}

TEST_F(Lists, AndStatesThatAreKeptAreTheAnswersThatWereMade) {
  const auto vera = server_.admin("vera", domain::Role::viewer);
  for (const char* key : {"a", "b", "c", "d", "e"}) create(key, std::string(200, 'x'));
  const auto body_of = [](const HttpReply& reply) {
    return reply.header("content-encoding") == "gzip" ? gunzip(reply.body) : reply.body;
  };
  const auto hits = [&] {
    return server_.api().metrics().counter("togglecast_http_kept_hits_total", "").value();
  };
  server_.send("POST", "/api/v1/clients/1/tokens", owner_);
  for (const std::string target :
       {"/api/v1/clients?limit=4", "/api/v1/clients?limit=4&sort=-key", "/api/v1/state",
        "/api/v1/clients/1/effective", "/api/v1/clients/1/tokens"}) {
    const auto made = server_.get(target, owner_);
    std::ignore = server_.get(target, with(owner_, "Accept-Encoding", "gzip"));
    const auto before = hits();
    const auto kept = server_.get(target, owner_);
    const auto small = server_.get(target, with(owner_, "Accept-Encoding", "gzip"));

    EXPECT_EQ(hits(), before + 2) << target;
    EXPECT_EQ(kept.body, made.body) << target;
    EXPECT_EQ(body_of(small), made.body) << target;
    for (const char* name :
         {"etag", "content-type", "cache-control", "vary", "togglecast-revision", "togglecast-epoch"})
      EXPECT_EQ(kept.header(name), made.header(name)) << target << ' ' << name;
    const std::string tag = small.header("etag");
    EXPECT_EQ(server_.get(target, with(owner_, "If-None-Match", tag)).header("etag"), tag) << target;
    const unsigned may_read = target.ends_with("/tokens") ? 403U : 200U;
    for (int i = 0; i < 3; ++i) EXPECT_EQ(server_.get(target, vera).status, may_read) << target;
    EXPECT_EQ(server_.get(target, owner_).body, made.body) << "not the viewer's: " << target;

    create("d" + std::to_string(before), "D");
    EXPECT_NE(server_.get(target, owner_).header("etag"), made.header("etag")) << target;
  }
}

TEST_F(Lists, ShortAnswersAreLeftAsTheyAre) {
  create("a", "A");

  const auto reply = server_.get("/api/v1/clients/1", with(owner_, "Accept-Encoding", "gzip"));

  EXPECT_EQ(reply.header("content-encoding"), "");
  EXPECT_EQ(reply.header("vary"), "");
}

}  // namespace
}  // namespace togglecast::testing
