#include "service/oidc/provider.hpp"

#include <gmock/gmock.h>

#include "service/oidc/token_exchange.hpp"
#include "service/oidc/url_encoding.hpp"

namespace togglecast::service::oidc {
namespace {

using ::testing::HasSubstr;

constexpr std::string_view kSso = "https://sso.example/realms/main";

json::object description() {
  return {{"issuer", kSso},
          {"authorization_endpoint", "https://sso.example/authorize"},
          {"token_endpoint", "https://sso.example/token"},
          {"jwks_uri", "https://sso.example/keys"}};
}

Result<ProviderMetadata> read_metadata(const json::object& document) {
  return parse_provider_metadata(json::serialize(document), kSso);
}

std::string metadata_refusal(std::string_view member, const json::value& value) {
  json::object document = description();
  document[member] = value;
  const auto provider = read_metadata(document);
  return provider ? std::string() : provider.error().message;
}

TEST(ProviderMetadata, StandsBelowTheIssuer) {
  EXPECT_EQ(discovery_url("https://sso.example"), "https://sso.example/.well-known/openid-configuration");
  EXPECT_EQ(discovery_url("https://sso.example/a/"),
            "https://sso.example/a/.well-known/openid-configuration");
}

TEST(ProviderMetadata, MayLeaveOutWhatHasADefault) {
  const auto provider = read_metadata(description());

  ASSERT_TRUE(provider) << provider.error().message;
  EXPECT_EQ(provider->token_endpoint, "https://sso.example/token");
  EXPECT_FALSE(provider->secret_in_body);
  EXPECT_FALSE(provider->answers_name_issuer);
  EXPECT_EQ(provider->end_session_endpoint, "");
}

TEST(ProviderMetadata, IsOfThisIssuerToTheByte) {
  for (const char* issuer : {"https://sso.example/realms/main/", "https://evil.example", ""})
    EXPECT_THAT(metadata_refusal("issuer", issuer), HasSubstr("equal to the byte")) << issuer;
  EXPECT_FALSE(parse_provider_metadata("[]", kSso));
  EXPECT_FALSE(parse_provider_metadata("{", kSso));
  EXPECT_FALSE(parse_provider_metadata("\xff", kSso));
}

TEST(ProviderMetadata, OffersWhatWeNeed) {
  EXPECT_THAT(metadata_refusal("response_types_supported", json::array{"id_token"}),
              HasSubstr("authorization code"));
  EXPECT_THAT(metadata_refusal("code_challenge_methods_supported", json::array{"plain"}), HasSubstr("S256"));
  EXPECT_EQ(metadata_refusal("code_challenge_methods_supported", json::array{"plain", "S256"}), "");
  EXPECT_THAT(metadata_refusal("token_endpoint", nullptr), HasSubstr("token_endpoint"));
  for (const char* url : {"javascript:alert(1)", "https://a b", "https://a/#x", "/authorize", "https://a\n"})
    EXPECT_THAT(metadata_refusal("authorization_endpoint", url), HasSubstr("authorization_endpoint")) << url;
}

TEST(ProviderMetadata, SaysWhereTheSecretGoes) {
  json::object document = description();
  document["token_endpoint_auth_methods_supported"] = json::array{"client_secret_post", "private_key_jwt"};
  EXPECT_TRUE(read_metadata(document)->secret_in_body);
  document["token_endpoint_auth_methods_supported"] =
      json::array{"client_secret_post", "client_secret_basic"};
  EXPECT_FALSE(read_metadata(document)->secret_in_body);
}

TEST(TokenRequest, EncodesBothPartsOfTheSecret) {
  Options options;
  options.client_id = "a:b";
  options.client_secret = Secret(std::string("c d+e"));

  const auto request =
      token_request(options, read_metadata(description()).value(), "the code", "https://x/cb", "v");

  EXPECT_EQ(request.url, "https://sso.example/token");
  EXPECT_EQ(request.headers.back().value, "Basic YSUzQWI6YyUyMGQlMkJl");
  EXPECT_EQ(
      request.body,
      "grant_type=authorization_code&code=the%20code&redirect_uri=https%3A%2F%2Fx%2Fcb&code_verifier=v");
}

TEST(TokenRequest, OfAPublicClientNamesTheClient) {
  Options options;
  options.client_id = "togglecast";

  const auto request = token_request(options, read_metadata(description()).value(), "c", "u", "v");

  EXPECT_THAT(request.body, ::testing::EndsWith("&client_id=togglecast"));
  EXPECT_EQ(request.headers.size(), 2U);
}

TEST(UrlEncoding, KeepsTheQueryThatIsThere) {
  EXPECT_EQ(with_query("https://a", {{"b", "c d"}}), "https://a?b=c%20d");
  EXPECT_EQ(with_query("https://a?x=1", {{"b", "\xc3\xa4"}}), "https://a?x=1&b=%C3%A4");
  EXPECT_EQ(with_query("https://a?", {{"b", ""}, {"c", "~"}}), "https://a?b=&c=~");
}

// Fetches that a test answers by hand.
struct Fetches {
  std::vector<std::pair<std::string, egress::Done>> waiting;
  void answer(int status, std::string body) {
    auto first = std::move(waiting.front());
    waiting.erase(waiting.begin());
    first.second(
        egress::Response{.status = status, .headers = {}, .body = std::move(body), .fetched_at = {}});
  }
};

class ProviderTest : public ::testing::Test {
 protected:
  Fetches fetches_;
  ManualClock clock_;
  Provider provider_{[this](const egress::Request& request, const egress::Done& done) {
                       fetches_.waiting.emplace_back(request.url, done);
                     },
                     std::string(kSso), clock_};
};

TEST_F(ProviderTest, AllWhoAskWaitForOneFetch) {
  int answered = 0;
  for (int i = 0; i < 3; ++i)
    provider_.metadata([&answered](const auto& metadata) { answered += metadata ? 1 : 0; });
  ASSERT_EQ(fetches_.waiting.size(), 1U);
  EXPECT_EQ(fetches_.waiting.front().first, discovery_url(kSso));

  fetches_.answer(200, json::serialize(description()));

  EXPECT_EQ(answered, 3);
  provider_.metadata([&answered](const auto& metadata) { answered += metadata ? 1 : 0; });
  EXPECT_EQ(answered, 4);
  EXPECT_TRUE(fetches_.waiting.empty()) << "it is kept";
}

TEST_F(ProviderTest, FollowsNoRedirectAndPausesAfterAFailure) {
  std::string told;
  const auto ask = [&] {
    provider_.metadata([&told](const auto& metadata) { told = metadata ? "" : metadata.error().message; });
  };
  ask();
  fetches_.answer(302, "");
  EXPECT_THAT(told, HasSubstr("redirects are not followed"));
  told.clear();

  ask();
  EXPECT_TRUE(fetches_.waiting.empty());
  EXPECT_THAT(told, HasSubstr("302"));
  clock_.advance(KeptTimes{}.pause);
  ask();
  ASSERT_EQ(fetches_.waiting.size(), 1U);
  fetches_.answer(200, json::serialize(description()));
  EXPECT_EQ(told, "");
}

}  // namespace
}  // namespace togglecast::service::oidc
