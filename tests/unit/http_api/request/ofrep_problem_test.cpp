#include "http_api/request/ofrep_problem.hpp"

#include <gmock/gmock.h>

#include <string>

#include "base/json.hpp"
#include "http_api/request/problem.hpp"

namespace togglecast::http_api {
namespace {

std::string member_of(const wire::http::Response& response, std::string_view name) {
  return std::string(json::string_or_empty(json::parse(response.body).value(), name));
}

TEST(OfrepProblem, EveryErrorHasACodeOfOpenFeatureAndTheFlag) {
  for (int n = 0; n <= static_cast<int>(Errc::internal); ++n) {
    const auto code = static_cast<Errc>(n);
    const bool context = code == Errc::invalid_argument;
    const bool missing = code == Errc::not_found;
    const bool parse = code == Errc::parse_error;

    const auto one = ofrep_problem({code, "in words", {}}, "r-1", status_of(code), "new-checkout", {});

    EXPECT_EQ(one.status, status_of(code));
    EXPECT_EQ(one.headers.value("Content-Type"), "application/json");
    EXPECT_EQ(member_of(one, "key"), "new-checkout");
    EXPECT_EQ(member_of(one, "errorDetails"), "in words");
    EXPECT_EQ(json::parse(one.body).value().at("metadata"), json::object());
    EXPECT_EQ(member_of(one, "errorCode"), context   ? "INVALID_CONTEXT"
                                           : missing ? "FLAG_NOT_FOUND"
                                           : parse   ? "PARSE_ERROR"
                                                     : "GENERAL")
        << to_string(code);
  }
}

TEST(OfrepProblem, WithoutAFlagHasNoKey) {
  const auto all = ofrep_problem({Errc::internal, "", {}}, "r-1", 500, "", {});

  EXPECT_EQ(all.status, 500U);
  EXPECT_EQ(json::find(json::parse(all.body).value(), "key"), nullptr);
  EXPECT_EQ(member_of(all, "errorCode"), "GENERAL");
}

}  // namespace
}  // namespace togglecast::http_api
