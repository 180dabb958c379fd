#include "http_api/request/read_cost.hpp"

#include <gtest/gtest.h>

#include <algorithm>

#include "http_api/routes.hpp"

namespace togglecast::http_api {
namespace {

using wire::http::Method;

unsigned cost(Method method, std::string_view pattern, std::string_view query = {}) {
  const auto all = routes();
  const auto found = std::find_if(all.begin(), all.end(), [&](const Route& route) {
    return route.method == method && route.pattern == pattern;
  });
  return found == all.end() ? 0 : read_cost(*found, wire::http::Query(query));
}

TEST(ReadCost, FollowsTheWorkOfARead) {
  EXPECT_EQ(cost(Method::get, "/api/v1/platforms/{id}"), 1U);
  EXPECT_EQ(cost(Method::get, "/api/v1/clients"), 2U);
  EXPECT_EQ(cost(Method::get, "/api/v1/clients", "limit=1000"), 2U) << "a long page costs by its bytes";
  EXPECT_EQ(cost(Method::get, "/api/v1/clients", "q=shop"), 10U);
  EXPECT_EQ(cost(Method::get, "/api/v1/clients/{id}/effective"), 10U);
  EXPECT_EQ(cost(Method::post, "/api/v1/evaluate"), 10U);
  EXPECT_EQ(cost(Method::get, "/api/v1/activity"), 10U);
  EXPECT_EQ(cost(Method::get, "/api/v1/messages/{id}"), 10U);
  EXPECT_EQ(cost(Method::get, "/api/v1/activity", "q=shop"), 40U);
  EXPECT_EQ(cost(Method::get, "/api/v1/platforms/{id}", "at=3"), 40U);
  EXPECT_EQ(cost(Method::post, "/api/v1/preview"), 40U);
  EXPECT_EQ(cost(Method::get, "/api/v1/state"), 40U);
  EXPECT_EQ(cost(Method::get, "/api/v1/state/diff", "from=1"), 80U);
}

TEST(ReadCost, OfAnAnswerCountsItsBytes) {
  EXPECT_EQ(cost_of_answer(32 * 1'024 - 1), 0U);
  EXPECT_EQ(cost_of_answer(32 * 1'024), 1U);
  EXPECT_EQ(cost_of_answer(18'000'000), 549U);
}

TEST(ReadCost, EveryReadOfAnAdminIsMetered) {
  for (const Route& route : routes()) {
    if (route.access != Access::admin || route.changes_state()) continue;
    EXPECT_TRUE(route.is_limited()) << route.pattern;
    EXPECT_GE(read_cost(route, wire::http::Query("")), 1U) << route.pattern;
  }
}

}  // namespace
}  // namespace togglecast::http_api
