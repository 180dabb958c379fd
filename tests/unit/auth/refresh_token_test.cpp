#include "auth/refresh_token.hpp"

#include <gtest/gtest.h>

#include <string>

namespace togglecast::auth {
namespace {

Secret secret_from(char first) {
  std::string bytes;
  for (char i = 0; i < 32; ++i) bytes += static_cast<char>(first + i);
  return Secret(bytes);
}

class RefreshTokens : public ::testing::Test {
 protected:
  RefreshTokens() {
    keys_.add(SigningKey::make("k1", secret_from(0)).value());
    session_.id = 7;
    session_.jti = "abc";
    session_.subject_kind = domain::SubjectKind::admin;
    session_.created_at = {1'000};
  }
  bool genuine(const domain::TokenRecord& session, const std::string& text) const {
    const auto claim = parse_refresh_token(text);
    return claim && is_genuine(keys_, session, *claim);
  }

  KeyRing keys_;
  domain::TokenRecord session_;
};

TEST_F(RefreshTokens, SayWhichSessionAndWhichGeneration) {
  const Secret token = refresh_token(keys_, session_, 3);

  const auto claim = parse_refresh_token(token.reveal());

  ASSERT_TRUE(claim.has_value());
  EXPECT_EQ(claim->session, 7);
  EXPECT_EQ(claim->generation, 3);
  EXPECT_TRUE(token.reveal().starts_with("tcr_7.3."));
  EXPECT_TRUE(is_genuine(keys_, session_, *claim));
  EXPECT_EQ(refresh_token(keys_, session_, 3).reveal(), token.reveal()) << "it can be said again";
}

TEST_F(RefreshTokens, OfAnotherGenerationSessionOrNameAreNotGenuine) {
  const std::string token = refresh_token(keys_, session_, 3).reveal();
  domain::TokenRecord other = session_;
  other.jti = "abd";
  domain::TokenRecord of_client = session_;
  of_client.subject_kind = domain::SubjectKind::client;

  EXPECT_TRUE(genuine(session_, token));
  EXPECT_FALSE(genuine(session_, "tcr_7.4." + token.substr(8)));
  EXPECT_FALSE(genuine(session_, "tcr_8.3." + token.substr(8)));
  EXPECT_FALSE(genuine(other, token));
  EXPECT_FALSE(genuine(of_client, token));
  std::string changed = token;
  changed.back() = changed.back() == 'A' ? 'E' : 'A';
  EXPECT_FALSE(genuine(session_, changed));
}

TEST_F(RefreshTokens, OfAnotherInstallationAreNotGenuine) {
  KeyRing others;
  others.add(SigningKey::make("k1", secret_from(1)).value());

  EXPECT_FALSE(genuine(session_, refresh_token(others, session_, 3).reveal()));
}

TEST_F(RefreshTokens, StayGenuineWhenAnotherKeySignsAndNotWhenTheirKeyIsRetired) {
  const std::string token = refresh_token(keys_, session_, 3).reveal();
  keys_.add(SigningKey::make("k2", secret_from(1)).value(), {2'000});
  EXPECT_TRUE(genuine(session_, token));

  keys_.retire("k1");

  EXPECT_FALSE(genuine(session_, token));
}

TEST_F(RefreshTokens, HaveOneSpelling) {
  const std::string mac = refresh_token(keys_, session_, 3).reveal().substr(8);

  for (const std::string& text :
       {std::string(), std::string("tcr_"), "7.3." + mac, "tcr_7." + mac, "tcr_07.3." + mac,
        "tcr_+7.3." + mac, "tcr_7.03." + mac, "tcr_-7.3." + mac, "tcr_7.3." + mac + "A", "tcr_7.3. " + mac,
        "tcr_99999999999999999999.3." + mac, "tcr_7.0." + mac, "tcr_7.3.3." + mac})
    EXPECT_FALSE(genuine(session_, text)) << text;
}

}  // namespace
}  // namespace togglecast::auth
