#include "auth/codes/totp.hpp"

#include <gtest/gtest.h>

namespace togglecast::auth {
namespace {

const Secret kRfcSecret{"12345678901234567890"};

constexpr UnixMillis at(std::int64_t seconds) { return {seconds * 1'000}; }

// RFC 4226, appendix D.
TEST(Hotp, GivesTheCodesOfItsSpecification) {
  const char* const codes[] = {"755224", "287082", "359152", "969429", "338314",
                               "254676", "287922", "162583", "399871", "520489"};
  for (std::uint64_t counter = 0; counter < 10; ++counter)
    EXPECT_EQ(hotp(kRfcSecret, counter), codes[counter]) << counter;
}

// RFC 6238, appendix B, of SHA-1: eight digits.
TEST(Totp, GivesTheCodesOfItsSpecification) {
  struct Row {
    std::int64_t seconds;
    const char* code;
  };
  for (const Row& row :
       {Row{59, "94287082"}, Row{1'111'111'109, "07081804"}, Row{1'111'111'111, "14050471"},
        Row{1'234'567'890, "89005924"}, Row{2'000'000'000, "69279037"}, Row{20'000'000'000, "65353130"}}) {
    const auto step = static_cast<std::uint64_t>(step_at(at(row.seconds)));
    EXPECT_EQ(hotp(kRfcSecret, step, 8), row.code) << row.seconds;
    EXPECT_EQ(hotp(kRfcSecret, step), std::string(row.code).substr(2)) << row.seconds;
  }
}

// A secret that is longer than a block of the digest.
TEST(Hotp, TakesSecretsOfAnyLength) {
  const Secret longer(std::string(80, '\xaa'));

  EXPECT_EQ(hotp(longer, 1).size(), 6U);
  EXPECT_NE(hotp(longer, 1), hotp(Secret(std::string(79, '\xaa')), 1));
}

TEST(Totp, ForgivesOneStepEachWay) {
  const UnixMillis now = at(1'111'111'109);
  const std::int64_t here = step_at(now);
  for (std::int64_t drift = -2; drift <= 2; ++drift) {
    const std::string code = hotp(kRfcSecret, static_cast<std::uint64_t>(here + drift));
    const auto matched = match_totp(kRfcSecret, code, now, 0);
    EXPECT_EQ(matched.has_value(), drift >= -1 && drift <= 1) << drift;
    if (matched) {
      EXPECT_EQ(*matched, here + drift);
    }
  }
}

TEST(Totp, TheEdgesOfAStepBelongToIt) {
  const std::string code = hotp(kRfcSecret, 100);

  EXPECT_FALSE(match_totp(kRfcSecret, code, {(99 * 30 - 30) * 1'000 - 1}, 0));
  EXPECT_TRUE(match_totp(kRfcSecret, code, {(99 * 30) * 1'000}, 0));
  EXPECT_TRUE(match_totp(kRfcSecret, code, {(102 * 30) * 1'000 - 1}, 0));
  EXPECT_FALSE(match_totp(kRfcSecret, code, {(102 * 30) * 1'000}, 0));
}

TEST(Totp, ACodeWorksOnce) {
  const UnixMillis now = at(1'111'111'109);
  const std::int64_t here = step_at(now);
  const std::string code = hotp(kRfcSecret, static_cast<std::uint64_t>(here));
  const std::string before = hotp(kRfcSecret, static_cast<std::uint64_t>(here - 1));
  const std::string next = hotp(kRfcSecret, static_cast<std::uint64_t>(here + 1));

  const auto used = match_totp(kRfcSecret, code, now, 0);

  ASSERT_TRUE(used);
  EXPECT_FALSE(match_totp(kRfcSecret, code, now, *used));
  EXPECT_FALSE(match_totp(kRfcSecret, before, now, *used)) << "nor one from before it";
  EXPECT_TRUE(match_totp(kRfcSecret, next, now, *used));
}

TEST(Totp, OtherTextsMatchNothing) {
  const UnixMillis now = at(59);
  for (const char* text : {"", "28708", "2870820", "28708a", " 287082"})
    EXPECT_FALSE(match_totp(kRfcSecret, text, now, 0)) << text;
  EXPECT_TRUE(match_totp(kRfcSecret, "287082", now, 0));
  EXPECT_TRUE(match_totp(kRfcSecret, "755224", at(0), -1)) << "there is no step before the first";
}

// RFC 4648, section 10, without padding.
TEST(Base32, IsThatOfItsSpecification) {
  EXPECT_EQ(base32(""), "");
  EXPECT_EQ(base32("f"), "MY");
  EXPECT_EQ(base32("fo"), "MZXQ");
  EXPECT_EQ(base32("foo"), "MZXW6");
  EXPECT_EQ(base32("foob"), "MZXW6YQ");
  EXPECT_EQ(base32("fooba"), "MZXW6YTB");
  EXPECT_EQ(base32("foobar"), "MZXW6YTBOI");
}

TEST(OtpauthUri, HasEverythingThatAnAppNeeds) {
  EXPECT_EQ(otpauth_uri("Togglecast", "alice@example.com", kRfcSecret).reveal(),
            "otpauth://totp/Togglecast:alice%40example.com?secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ&issuer="
            "Togglecast&algorithm=SHA1&digits=6&period=30");
}

TEST(CodeSecret, HasTheSizeOfTheDigestAndIsNeverTheSame) {
  SystemRandom random;

  EXPECT_EQ(random_code_secret(random).reveal().size(), 20U);
  EXPECT_NE(random_code_secret(random).reveal(), random_code_secret(random).reveal());
}

}  // namespace
}  // namespace togglecast::auth
