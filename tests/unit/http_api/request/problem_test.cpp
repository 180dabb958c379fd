#include "http_api/request/problem.hpp"

#include <gmock/gmock.h>

#include "base/json.hpp"

namespace togglecast::http_api {
namespace {

json::value body_of(const wire::http::Response& response) { return json::parse(response.body).value(); }

TEST(Problem, EveryCodeHasItsStatus) {
  const std::pair<Errc, unsigned> expected[] = {
      {Errc::invalid_argument, 400}, {Errc::parse_error, 400},    {Errc::payload_too_large, 413},
      {Errc::not_found, 404},        {Errc::already_exists, 409}, {Errc::conflict, 409},
      {Errc::unauthenticated, 401},  {Errc::token_invalid, 401},  {Errc::token_expired, 401},
      {Errc::revoked, 401},          {Errc::forbidden, 403},      {Errc::rate_limited, 429},
      {Errc::unavailable, 503},      {Errc::timeout, 504},        {Errc::internal, 500}};

  for (const auto& [code, status] : expected) EXPECT_EQ(status_of(code), status) << to_string(code);
}

TEST(Problem, SpeaksBothAsProblemDetailsAndAsOurError) {
  Error error{Errc::already_exists, "there is already a platform 'web'", {{"/key", "is taken"}}};

  const auto response = problem(error, "r-1");

  EXPECT_EQ(response.status, 409U);
  EXPECT_EQ(response.headers.value("Content-Type"), "application/problem+json");
  EXPECT_EQ(json::canonical(body_of(response)),
            R"({"code":"already_exists","detail":"there is already a platform 'web'",)"
            R"("error":{"code":"already_exists","details":[{"pointer":"/key","reason":"is taken"}],)"
            R"("message":"there is already a platform 'web'","request_id":"r-1"},)"
            R"("errors":[{"pointer":"/key","reason":"is taken"}],"request_id":"r-1","status":409,)"
            R"("title":"Conflict","type":"about:blank"})");
}

TEST(Problem, LeavesOutFieldsThatSayNothing) {
  const json::value body = body_of(problem({Errc::not_found, "there is no platform 7", {}}, ""));

  EXPECT_EQ(json::find(body, "errors"), nullptr);
  EXPECT_EQ(json::find(body, "request_id"), nullptr);
  EXPECT_EQ(json::find(*json::find(body, "error"), "details"), nullptr);
}

TEST(Problem, NamesTheSchemeAndWhetherATokenWasWrong) {
  EXPECT_EQ(problem({Errc::unauthenticated, "", {}}, "").headers.value("WWW-Authenticate"),
            "Bearer realm=\"togglecast\"");
  EXPECT_EQ(problem({Errc::revoked, "", {}}, "").headers.value("WWW-Authenticate"),
            "Bearer realm=\"togglecast\", error=\"invalid_token\"");
  EXPECT_FALSE(problem({Errc::forbidden, "", {}}, "").headers.contains("WWW-Authenticate"));
}

TEST(Problem, SaysWhenToComeBackFromWhatPasses) {
  Error limited{Errc::rate_limited, "", {}};
  limited.retry_after = std::chrono::milliseconds{6'001};

  EXPECT_EQ(problem(limited, "").headers.value("Retry-After"), "7");
  EXPECT_EQ(problem({Errc::unavailable, "", {}}, "").headers.value("Retry-After"), "1");
  EXPECT_FALSE(problem({Errc::conflict, "", {}}, "").headers.contains("Retry-After"));
}

TEST(Problem, TellsATooLargeRequestFromALateAndAMalformedOne) {
  EXPECT_EQ(code_of_unread(408), Errc::timeout);
  for (const unsigned status : {413U, 414U, 431U})
    EXPECT_EQ(code_of_unread(status), Errc::payload_too_large) << status;
  EXPECT_EQ(code_of_unread(400), Errc::parse_error);
}

}  // namespace
}  // namespace togglecast::http_api
