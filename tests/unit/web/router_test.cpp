#include "web/router.hpp"

#include <gmock/gmock.h>

#include <string>

namespace togglecast::web {
namespace {

using ::testing::ElementsAre;
using ::testing::Pair;
using wire::http::Method;

class RouterTest : public ::testing::Test {
 protected:
  // Routes are told apart by their body limit.
  void add(Method method, std::string_view pattern, std::size_t mark) {
    RouteOptions options;
    options.body_limit = mark;
    router_.add(
        method, pattern, [](ExchangePtr) {}, std::move(options));
  }
  void mount(std::string prefix, std::size_t mark) {
    RouteOptions options;
    options.body_limit = mark;
    router_.mount(
        std::move(prefix), [](ExchangePtr) {}, std::move(options));
  }
  std::size_t mark_of(Method method, std::string_view path) {
    const auto match = router_.match(method, path);
    return match.handler == nullptr ? 0 : match.options->body_limit;
  }

  Router router_;
};

TEST_F(RouterTest, MatchesMethodAndWholeSegments) {
  add(Method::get, "/api/v1/platforms", 1);
  add(Method::post, "/api/v1/platforms", 2);

  EXPECT_EQ(mark_of(Method::get, "/api/v1/platforms"), 1U);
  EXPECT_EQ(mark_of(Method::post, "/api/v1/platforms"), 2U);
  for (const auto* path :
       {"/api/v1/platform", "/api/v1/platformsx", "/api/v1/platforms//", "/api/v1", "/", "//", "", "*"})
    EXPECT_EQ(mark_of(Method::get, path), 0U) << path;
}

TEST_F(RouterTest, ASlashAtTheEndMakesNoOtherPath) {
  add(Method::get, "/", 1);
  add(Method::get, "/platforms", 2);
  add(Method::del, "/platforms/{id}", 3);
  mount("/socket.io/", 4);

  EXPECT_EQ(mark_of(Method::get, "/"), 1U);
  EXPECT_EQ(mark_of(Method::get, "/platforms/"), 2U);
  EXPECT_EQ(mark_of(Method::del, "/platforms/7/"), 3U);
  EXPECT_THAT(router_.match(Method::del, "/platforms/7/").parameters, ElementsAre(Pair("id", "7")));
  EXPECT_EQ(router_.match(Method::del, "/platforms/").allow, "GET") << "an id is never empty";
  EXPECT_EQ(mark_of(Method::get, "/socket.io/"), 4U);
  EXPECT_EQ(mark_of(Method::get, "/socket.io"), 0U) << "a mount has its own rule";
}

TEST_F(RouterTest, ParametersAreDecodedOnce) {
  add(Method::get, "/clients/{id}/flags/{key}", 1);

  EXPECT_THAT(router_.match(Method::get, "/clients/7/flags/a%2Fb%2520").parameters,
              ElementsAre(Pair("id", "7"), Pair("key", "a/b%20")));
  EXPECT_THAT(router_.match(Method::get, "/clients/7/flags/a%2").parameters,
              ElementsAre(Pair("id", "7"), Pair("key", "")));
}

TEST_F(RouterTest, ParametersAreNeverEmpty) {
  add(Method::get, "/clients/{id}", 1);

  EXPECT_EQ(mark_of(Method::get, "/clients/"), 0U);
}

TEST_F(RouterTest, FixedSegmentsWinWhateverTheOrderOfRegistration) {
  add(Method::get, "/{entity}/{id}", 1);
  add(Method::get, "/platforms/{id}", 2);
  add(Method::get, "/{entity}/export", 3);
  add(Method::get, "/platforms/export", 4);

  EXPECT_EQ(mark_of(Method::get, "/clients/7"), 1U);
  EXPECT_EQ(mark_of(Method::get, "/platforms/7"), 2U);
  EXPECT_EQ(mark_of(Method::get, "/clients/export"), 3U);
  EXPECT_EQ(mark_of(Method::get, "/platforms/export"), 4U);
}

TEST_F(RouterTest, GetServesHead) {
  add(Method::get, "/x", 1);

  EXPECT_EQ(mark_of(Method::head, "/x"), 1U);
}

TEST_F(RouterTest, NamesTheMethodsThatThePathHas) {
  add(Method::get, "/x", 1);
  add(Method::del, "/x", 2);

  const auto match = router_.match(Method::post, "/x");

  EXPECT_EQ(match.handler, nullptr);
  EXPECT_EQ(match.allow, "GET, DELETE");
  EXPECT_EQ(router_.match(Method::get, "/x").allow, "");
  EXPECT_EQ(router_.match(Method::post, "/y").allow, "");
}

TEST_F(RouterTest, MountsTakeEverythingBelowThemAndLongerOnesWin) {
  mount("/socket.io/", 1);
  mount("/", 2);
  mount("/socket.io/admin/", 3);
  add(Method::get, "/socket.io/health", 4);

  EXPECT_EQ(mark_of(Method::post, "/socket.io/"), 1U);
  EXPECT_EQ(mark_of(Method::other, "/socket.io/x/y"), 1U);
  EXPECT_EQ(mark_of(Method::get, "/socket.io/admin/x"), 3U);
  EXPECT_EQ(mark_of(Method::get, "/socket.io"), 2U);
  EXPECT_EQ(mark_of(Method::get, "/socket.io/health"), 4U);
}

}  // namespace
}  // namespace togglecast::web
