#include "base/error.hpp"

#include <gtest/gtest.h>

namespace togglecast {
namespace {

Result<int> refuse() { return fail(Errc::not_found, "no platform 7"); }
Result<int> refuse_field(std::string pointer) { return fail_field(std::move(pointer), "must be a slug"); }

TEST(Error, HasItsNameOnTheWire) {
  EXPECT_EQ(to_string(Errc::invalid_argument), "invalid_argument");
  EXPECT_EQ(to_string(Errc::payload_too_large), "payload_too_large");
  EXPECT_EQ(to_string(Errc::token_expired), "token_expired");
  EXPECT_EQ(to_string(Errc::internal), "internal");
}

TEST(Error, CarriesCodeAndSentence) {
  const auto result = refuse();

  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().code, Errc::not_found);
  EXPECT_EQ(result.error().message, "no platform 7");
  EXPECT_TRUE(result.error().details.empty());
}

TEST(Error, NamesTheField) {
  const auto result = refuse_field("/key");

  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().code, Errc::invalid_argument);
  EXPECT_EQ(result.error().message, "/key must be a slug");
  ASSERT_EQ(result.error().details.size(), 1U);
  EXPECT_EQ(result.error().details[0].pointer, "/key");
  EXPECT_EQ(result.error().details[0].reason, "must be a slug");
  EXPECT_EQ(refuse_field("").error().message, "must be a slug");
}

}  // namespace
}  // namespace togglecast
