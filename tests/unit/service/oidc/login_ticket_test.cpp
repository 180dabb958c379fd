#include "service/oidc/login_ticket.hpp"

#include <gmock/gmock.h>

#include "base/base64.hpp"
#include "base/digest.hpp"
#include "service/oidc/return_path.hpp"

namespace togglecast::service::oidc {
namespace {

using ::testing::HasSubstr;
using ::testing::MatchesRegex;
using ::testing::Not;

constexpr UnixMillis kBegun{1'700'000'000'000};

auth::SigningKey ticket_key(char fill = 'k') {
  return auth::SigningKey::make("k1", Secret(std::string(32, fill)))
      .value()
      .derive("login by OpenID Connect");
}

class LoginTicketTest : public ::testing::Test {
 protected:
  LoginTicketTest() : ticket_(tickets_.make(random_, kBegun)) {
    ticket_.environment = "production";
    ticket_.return_path = "/console?a=1";
    ticket_.redirect_uri = "https://flags.example/api/v1/auth/oidc/callback";
  }

  SystemRandom random_;
  LoginTickets tickets_{ticket_key()};
  LoginTicket ticket_;
};

TEST_F(LoginTicketTest, AnyNodeOpensWhatAnotherOneSealed) {
  const LoginTickets other_node(ticket_key());

  const auto opened = other_node.open(tickets_.seal(ticket_), ticket_.state, kBegun);

  ASSERT_TRUE(opened) << opened.error().message;
  EXPECT_EQ(opened->environment, "production");
  EXPECT_EQ(opened->return_path, "/console?a=1");
  EXPECT_EQ(opened->redirect_uri, ticket_.redirect_uri);
  EXPECT_EQ(other_node.verifier(*opened), tickets_.verifier(ticket_));
  EXPECT_EQ(other_node.nonce(*opened), tickets_.nonce(ticket_));
}

TEST_F(LoginTicketTest, OpensForItsStateInItsTimeAlone) {
  const std::string sealed = tickets_.seal(ticket_);
  const auto refusal = [&](std::string_view text, std::string_view state, std::int64_t seconds) {
    const auto opened = tickets_.open(text, state, {kBegun.value + seconds * 1'000});
    return opened ? std::string() : opened.error().message;
  };

  EXPECT_EQ(refusal(sealed, ticket_.state, 599), "");
  EXPECT_THAT(refusal(sealed, ticket_.state, 600), HasSubstr("ten minutes"));
  EXPECT_THAT(refusal(sealed, tickets_.make(random_, kBegun).state, 0), HasSubstr("another attempt"));
  EXPECT_THAT(refusal(sealed, "", 0), HasSubstr("another attempt"));
  EXPECT_THAT(refusal("", ticket_.state, 0), HasSubstr("did not send the cookie"));
}

TEST_F(LoginTicketTest, CannotBeChangedOrMadeByOthers) {
  const std::string sealed = tickets_.seal(ticket_);
  for (const std::size_t at : {std::size_t{3}, sealed.size() - 3}) {
    std::string changed = sealed;
    changed[at] = changed[at] == 'A' ? 'B' : 'A';
    EXPECT_FALSE(tickets_.open(changed, ticket_.state, kBegun)) << at;
  }
  EXPECT_FALSE(LoginTickets(ticket_key('x')).open(sealed, ticket_.state, kBegun));
  for (const char* text : {"x", ".", "a.b", "e30.", "e30.e30"})
    EXPECT_FALSE(tickets_.open(text, ticket_.state, kBegun)) << text;
  EXPECT_FALSE(tickets_.open(std::string(10'000, 'a') + '.', ticket_.state, kBegun));
}

TEST_F(LoginTicketTest, KeepsNonceAndVerifierToItself) {
  const std::string verifier = tickets_.verifier(ticket_);
  const std::string body =
      base64url_decode(tickets_.seal(ticket_).substr(0, tickets_.seal(ticket_).find('.'))).value();
  const Sha256 digest = sha256(verifier);

  EXPECT_THAT(verifier, MatchesRegex("[A-Za-z0-9_-]{43}"));
  EXPECT_EQ(tickets_.challenge(ticket_),
            base64url_encode({reinterpret_cast<const char*>(digest.data()), digest.size()}));
  EXPECT_THAT(body, Not(HasSubstr(verifier)));
  EXPECT_THAT(body, Not(HasSubstr(tickets_.nonce(ticket_))));
  EXPECT_NE(tickets_.nonce(ticket_), verifier);
  const LoginTicket another = tickets_.make(random_, kBegun);
  EXPECT_NE(tickets_.verifier(another), verifier);
}

TEST_F(LoginTicketTest, HasACookieAmongEight) {
  EXPECT_THAT(cookie_name_of(ticket_.state), MatchesRegex("togglecast_oidc_[0-7]"));
  for (const char* state : {"", "short", "twenty-four characters!!", "twenty-four;characters=!"})
    EXPECT_EQ(cookie_name_of(state), "") << state;
}

TEST(ReturnPath, IsAPathOfThisServer) {
  for (const char* path : {"/", "/console", "/console/features?q=a%20b&c=d#top", "/a//b", "/@x:y"})
    EXPECT_TRUE(is_own_path(path)) << path;
}

TEST(ReturnPath, LeadsToNoOtherServer) {
  for (const char* path : {"", "console", "//evil.example", "/\\evil.example", "\\\\evil.example", "/a\\b",
                           "https://evil.example", "javascript:alert(1)", "/\t/evil.example",
                           "/\n/evil.example", " /x", "/x y", "/\x80", "/<script>"})
    EXPECT_FALSE(is_own_path(path)) << path;
  EXPECT_TRUE(is_own_path('/' + std::string(kLongestReturnPath - 1, 'a')));
  EXPECT_FALSE(is_own_path('/' + std::string(kLongestReturnPath, 'a')));
  EXPECT_FALSE(is_own_path(std::string_view("/\0/x", 4)));
}

}  // namespace
}  // namespace togglecast::service::oidc
