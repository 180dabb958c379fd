#include "base/random.hpp"

#include <gtest/gtest.h>

#include <set>

#include "base/base64.hpp"

namespace togglecast {
namespace {

TEST(RandomToken, IsUrlSafeAndNeverTheSame) {
  SystemRandom random;
  std::set<std::string> seen;
  for (int i = 0; i < 100; ++i) {
    const std::string token = random_token(random, 15);
    EXPECT_EQ(token.size(), 20U);
    EXPECT_TRUE(base64url_decode(token));
    EXPECT_TRUE(seen.insert(token).second);
  }
}

TEST(RandomBelow, ReachesEveryNumberAndNoOther) {
  SystemRandom random;
  std::set<std::uint64_t> seen;
  for (int i = 0; i < 1000; ++i) seen.insert(random_below(random, 4));

  EXPECT_EQ(seen, (std::set<std::uint64_t>{0, 1, 2, 3}));
  EXPECT_EQ(random_below(random, 1), 0U);
}

}  // namespace
}  // namespace togglecast
