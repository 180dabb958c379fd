// A product tower with a client `acme`, an issuer that is trusted, and the key that signs for it.
#pragma once

#include <future>
#include <memory>
#include <optional>
#include <string>

#include "service/issuers/trusted_issuers.hpp"
#include "support/eventually.hpp"
#include "support/foreign_signer.hpp"
#include "unit/service/application_fixture.hpp"

namespace togglecast::service::testing {

class IssuersTest : public ApplicationTest {
 protected:
  static constexpr std::int64_t kNow = 1'700'000'000;  // of the clock, in seconds

  static const test::ForeignKey& signer() {
    static const test::ForeignKey key("s1", "ES256");
    return key;
  }

  void SetUp() override {
    options_.egress.plain_http_to_loopback = true;
    options_.egress.per_host = {1'000, 1'000};
    options_.issuers.key_folder = folder_.path();
    open();
    ASSERT_TRUE(create_client(R"({"key":"acme","name":"Acme"})").has_value());
  }

  static json::object body_of(const json::object& keys, std::string key = "back-end") {
    return {{"key", key},
            {"name", "Back end"},
            {"issuer", "https://id.example/"},
            {"audiences", json::array{"flags"}},
            {"environment", "production"},
            {"keys", keys}};
  }
  Result<changes::Written> create(const json::value& body, const Principal& who = admin()) {
    return wait_for<changes::Written>(
        [&](changes::Done done) { application_->issuers().create(who, body, {}, std::move(done)); });
  }
  Result<changes::Written> update(const json::value& body, domain::Id id = 1) {
    return wait_for<changes::Written>(
        [&](changes::Done done) { application_->issuers().update(admin(), id, body, {}, std::move(done)); });
  }
  void trust(const json::object& keys) {
    const auto made = create(body_of(keys));
    ASSERT_TRUE(made.has_value()) << made.error().message;
  }
  static json::object claims(json::object other = {}) {
    json::object all{{"iss", "https://id.example/"},
                     {"aud", "flags"},
                     {"sub", "acme"},
                     {"iat", kNow},
                     {"exp", kNow + 600}};
    for (auto& member : other) {
      all.erase(member.key());
      if (!member.value().is_null()) all.emplace(member.key(), member.value());
    }
    return all;
  }
  Result<Principal> authenticate(const std::string& token) {
    return application_->authenticator().authenticate(token);
  }
  Errc refusal(const std::string& token) {
    const auto who = authenticate(token);
    EXPECT_FALSE(who.has_value()) << token;
    return who ? Errc::internal : who.error().code;
  }
  /// After a refusal: the final answer, or nothing when there is no second look.
  std::optional<Result<Principal>> after_a_look(const std::string& token) {
    auto looked = std::make_shared<std::promise<void>>();
    auto done = looked->get_future();
    if (!application_->authenticator().look_again(token, [looked] { looked->set_value(); }))
      return std::nullopt;
    EXPECT_EQ(done.wait_for(test::kPatience), std::future_status::ready);
    return authenticate(token);
  }
  bool has_keys(std::size_t count, domain::Id id = 1) {
    const auto keys = application_->issuers().keys(admin(), id);
    return keys.has_value() && keys->at("keys").get_array().size() == count;
  }
};

}  // namespace togglecast::service::testing
