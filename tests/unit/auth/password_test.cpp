#include "auth/password.hpp"

#include <gtest/gtest.h>
#include <sys/resource.h>
#include <unistd.h>

#include <new>
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

TEST(Passwords, AHashOfLessWorkIsWeaker) {
  const PasswordHasher cheap(kCheapPasswords);
  const PasswordHasher more_work({.operations = 2, .memory = 8'192});
  const PasswordHasher more_memory({.operations = 1, .memory = 16'384});
  const Secret hash = cheap.hash(secret("correct horse")).value();

  EXPECT_FALSE(cheap.is_weaker(hash));
  EXPECT_TRUE(more_work.is_weaker(hash));
  EXPECT_TRUE(more_memory.is_weaker(hash));
  EXPECT_FALSE(cheap.is_weaker(more_work.hash(secret("correct horse")).value()));
  EXPECT_FALSE(more_work.is_weaker(more_memory.hash(secret("correct horse")).value())) << "neither is";
  for (const char* damaged : {"", "x", "$argon2id$", "$argon2id$v=19$m=x,t=1,p=1$"})
    EXPECT_FALSE(more_work.is_weaker(secret(damaged))) << damaged;
}

TEST(Passwords, ADamagedHashMatchesNothing) {
  const PasswordHasher hasher(kCheapPasswords);

  for (const char* hash : {"", "x", "$argon2id$", "$argon2id$v=19$m=8,t=1,p=1$$"})
    EXPECT_FALSE(hasher.verify(secret(""), secret(hash))) << hash;
}

#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
// In a process of its own, which has no more memory to get than what it already has.
TEST(Passwords, AreNotBlamedForAMachineWithoutMemory) {
  const PasswordHasher hasher({.operations = 1, .memory = std::size_t{64} << 20});
  const Secret hash = hasher.hash(secret("correct horse")).value();
  const auto verify_without_memory = [&] {
    const rlimit little{std::size_t{32} << 20, std::size_t{32} << 20};
    ::setrlimit(RLIMIT_AS, &little);
    try {
      std::ignore = hasher.verify(secret("correct horse"), hash);
    } catch (const std::bad_alloc&) {
      ::_exit(42);
    }
    ::_exit(1);
  };

  EXPECT_EXIT(verify_without_memory(), ::testing::ExitedWithCode(42), "");
}
#endif

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
