#include "auth/password.hpp"

#include <gtest/gtest.h>

#include <set>

namespace togglecast::auth {
namespace {

Secret secret(std::string text) { return Secret(std::move(text)); }

TEST(Passwords, MatchTheirHashOnly) {
  const PasswordHasher hasher(kCheapPasswords);
  const Secret hash = hasher.hash(secret("correct horse")).value();

  EXPECT_TRUE(hasher.verify(secret("correct horse"), hash));
  EXPECT_FALSE(hasher.verify(secret("correct horsf"), hash));
  EXPECT_FALSE(hasher.verify(secret("correct horse "), hash));
  EXPECT_FALSE(hasher.verify(secret(""), hash));
  EXPECT_FALSE(hasher.verify(secret(std::string("correct horse\0x", 15)), hash));
}

TEST(Passwords, AreHashedWithArgon2idAndASaltOfTheirOwn) {
  const PasswordHasher hasher(kCheapPasswords);
  const Secret one = hasher.hash(secret("correct horse")).value();
  const Secret two = hasher.hash(secret("correct horse")).value();

  EXPECT_EQ(one.reveal().rfind("$argon2id$v=19$m=8,t=1,p=1$", 0), 0U) << one.reveal();
  EXPECT_NE(one.reveal(), two.reveal());
}

TEST(Passwords, AHashMadeWithOtherOptionsStillVerifies) {
  const PasswordHasher cheap(kCheapPasswords);
  const PasswordHasher dearer({.operations = 2, .memory = 16'384});

  EXPECT_TRUE(dearer.verify(secret("correct horse"), cheap.hash(secret("correct horse")).value()));
}

TEST(Passwords, ADamagedHashMatchesNothing) {
  const PasswordHasher hasher(kCheapPasswords);

  for (const char* hash : {"", "x", "$argon2id$", "$argon2id$v=19$m=8,t=1,p=1$$"})
    EXPECT_FALSE(hasher.verify(secret(""), secret(hash))) << hash;
}

TEST(NewPasswords, HaveALeastAndAGreatestLength) {
  EXPECT_TRUE(check_new_password(secret("12345678")).has_value());
  EXPECT_TRUE(check_new_password(secret(std::string(1'024, 'x'))).has_value());
  for (const auto& bad :
       {std::string("1234567"), std::string(1'025, 'x'), std::string("\xff\xff\xff\xff\xff\xff\xff\xff")}) {
    const auto refused = check_new_password(secret(bad));
    ASSERT_FALSE(refused.has_value());
    EXPECT_EQ(refused.error().details.at(0).pointer, "/password");
    EXPECT_EQ(refused.error().message.find(bad), std::string::npos);
  }
}

TEST(RandomPasswords, AreLongAndDifferent) {
  SystemRandom random;
  std::set<std::string> seen;

  for (int i = 0; i < 100; ++i) {
    const Secret password = random_password(random);
    EXPECT_EQ(password.reveal().size(), 27U);
    EXPECT_TRUE(check_new_password(password).has_value());
    seen.insert(password.reveal());
  }

  EXPECT_EQ(seen.size(), 100U);
}

}  // namespace
}  // namespace togglecast::auth
