#include "auth/codes/sealed_secret.hpp"

#include <gtest/gtest.h>

#include <stdexcept>

namespace togglecast::auth {
namespace {

SecretSealer sealer(char filled_with) { return SecretSealer(Secret(std::string(32, filled_with))); }

TEST(SealedSecret, OpensWithItsKeyForItsOwner) {
  SystemRandom random;
  const std::string sealed = sealer('k').seal(random, Secret("twenty bytes, secret"), "alice");

  EXPECT_EQ(sealer('k').open(sealed, "alice").value().reveal(), "twenty bytes, secret");
  EXPECT_EQ(sealed.find("secret"), std::string::npos);
  EXPECT_EQ(sealer('x').open(sealed, "alice").error().code, Errc::internal) << "another key";
  EXPECT_FALSE(sealer('k').open(sealed, "bob")) << "another owner";
}

TEST(SealedSecret, IsDifferentEachTime) {
  SystemRandom random;
  const SecretSealer one = sealer('k');

  EXPECT_NE(one.seal(random, Secret("same"), "alice"), one.seal(random, Secret("same"), "alice"));
}

TEST(SealedSecret, NoticesEveryChangedCharacter) {
  SystemRandom random;
  const SecretSealer one = sealer('k');
  const std::string sealed = one.seal(random, Secret("same"), "alice");
  for (std::size_t i = 0; i < sealed.size(); ++i) {
    std::string damaged = sealed;
    damaged[i] = damaged[i] == 'A' ? 'B' : 'A';
    EXPECT_FALSE(one.open(damaged, "alice")) << i;
  }
  for (const char* text : {"", "AAAA", "not base64url!"}) EXPECT_FALSE(one.open(text, "alice")) << text;
}

TEST(SealedSecret, NeedsAKeyOf32Bytes) { EXPECT_THROW(SecretSealer(Secret("short")), std::invalid_argument); }

}  // namespace
}  // namespace togglecast::auth
