#include "auth/codes/recovery_codes.hpp"

#include <gtest/gtest.h>

#include <set>

namespace togglecast::auth {
namespace {

TEST(RecoveryCodes, AreTenThatDifferAndCanBeTyped) {
  SystemRandom random;
  std::set<std::string> seen;
  for (const Secret& code : random_recovery_codes(random)) {
    const std::string& text = code.reveal();
    EXPECT_EQ(text.size(), 19U) << text;
    EXPECT_EQ(text.find_first_of("lo01"), std::string::npos) << text;
    EXPECT_EQ(text.find_first_not_of("abcdefghijkmnpqrstuvwxyz23456789-"), std::string::npos) << text;
    seen.insert(text);
  }
  EXPECT_EQ(seen.size(), 10U);
}

TEST(RecoveryCodes, HaveOneDigestHoweverTheyAreTyped) {
  const std::string digest = digest_of_recovery_code("4xw2-a9kf-pqrs-2345");

  EXPECT_EQ(digest.size(), 64U);
  EXPECT_EQ(digest_of_recovery_code("4XW2A9KF PQRS2345"), digest);
  EXPECT_NE(digest_of_recovery_code("4xw2-a9kf-pqrs-2346"), digest);
}

}  // namespace
}  // namespace togglecast::auth
