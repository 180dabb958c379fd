// Logins by OpenID Connect against a provider in memory.
#pragma once

#include <algorithm>
#include <memory>
#include <string>
#include <vector>

#include "service/oidc/account_builds.hpp"
#include "service/oidc/id_token.hpp"
#include "service/oidc/login_service.hpp"
#include "support/foreign_signer.hpp"
#include "unit/service/application_fixture.hpp"
#include "wire/http/message.hpp"

namespace togglecast::service::oidc::logins {

inline constexpr std::string_view kProvider = "https://sso.example/realms/main";
inline constexpr const char* kBack = "https://flags.example/api/v1/auth/oidc/callback";

// A provider in memory: it answers what egress would bring.
class FakeProvider {
 public:
  void fetch(const egress::Request& request, const egress::Done& done) {
    calls.push_back(request.url);
    bodies.push_back(request.body);
    if (away) return done(fail(Errc::unavailable, "no connection"));
    if (request.url == discovery_url(kProvider)) return answer(done, 200, json::serialize(description));
    if (request.url == "https://sso.example/keys" && keys_away) return answer(done, 503, "");
    if (request.url == "https://sso.example/keys") return answer(done, 200, test::jwks_of({signer.get()}));
    if (request.url == "https://sso.example/userinfo") return answer(done, 200, json::serialize(userinfo));
    answer(done, token_status, token_answer());
  }

  [[nodiscard]] auto count(std::string_view url) const { return std::count(calls.begin(), calls.end(), url); }

  json::object description{{"issuer", kProvider},
                           {"authorization_endpoint", "https://sso.example/authorize?tenant=a"},
                           {"token_endpoint", "https://sso.example/token"},
                           {"jwks_uri", "https://sso.example/keys"},
                           {"userinfo_endpoint", "https://sso.example/userinfo"},
                           {"end_session_endpoint", "https://sso.example/logout"},
                           {"authorization_response_iss_parameter_supported", true}};
  json::object claims;
  json::object userinfo;
  std::unique_ptr<test::ForeignKey> signer = std::make_unique<test::ForeignKey>("k1", "RS256");
  int token_status = 200;
  std::string token_error;
  bool away = false;
  bool keys_away = false;
  std::vector<std::string> calls, bodies;

 private:
  static void answer(const egress::Done& done, int status, std::string body) {
    done(egress::Response{.status = status, .headers = {}, .body = std::move(body), .fetched_at = {}});
  }
  [[nodiscard]] std::string token_answer() const {
    if (!token_error.empty()) return json::serialize(json::object{{"error", token_error}});
    return json::serialize(json::object{
        {"id_token", signer->token(claims)}, {"access_token", "access"}, {"token_type", "Bearer"}});
  }
};

class OidcLogin : public service::testing::ApplicationTest {
 protected:
  OidcLogin() {
    Options oidc;
    oidc.issuer = kProvider;
    oidc.client_id = "togglecast";
    oidc.client_secret = Secret(std::string("a secret"));
    oidc.name = "sso.example";
    oidc.roles = {{{}, domain::Role::owner, "admins"},
                  {{}, domain::Role::editor, "developers"},
                  {"production", domain::Role::editor, "releasers"}};
    options_.oidc = oidc;
    options_.fetch = [this](const egress::Request& request, const egress::Done& done) {
      if (hold_ != nullptr) return hold_->push_back(done);
      provider_.fetch(request, done);
    };
    open();
    is("anna", "person-1", {"developers"});
  }

  // The person that logs in next.
  void is(const std::string& name, const std::string& subject, const std::vector<std::string>& groups) {
    json::array all;
    for (const std::string& group : groups) all.emplace_back(group);
    provider_.claims = {{"iss", kProvider},
                        {"aud", "togglecast"},
                        {"sub", subject},
                        {"groups", all},
                        {"preferred_username", name}};
  }

  LoginService& service() { return *application_->oidc(); }

  Departure depart(const std::string& environment = "production") {
    auto departure = service::testing::wait_for<Departure>(
        [&](auto done) { service().begin(environment, "/console", kBack, std::move(done)); });
    EXPECT_TRUE(departure) << departure.error().message;
    return departure.value();
  }

  // The browser comes back, from a provider that tells the truth about this login.
  Arrival arrive(const Departure& departure) {
    const wire::http::Query asked(std::string_view(departure.url).substr(departure.url.find('?') + 1));
    const std::int64_t now = clock_.wall_now().value / 1'000;
    provider_.claims["nonce"] = std::string(asked.value("nonce"));
    provider_.claims["iat"] = now;
    provider_.claims["exp"] = now + 300;
    Arrival arrival;
    arrival.state = asked.value("state");
    arrival.code = "code";
    arrival.issuer = std::string(kProvider);
    arrival.ticket = departure.ticket;
    return arrival;
  }

  Result<Welcome> finish(const Arrival& arrival) {
    return service::testing::wait_for<Welcome>(
        [&](auto done) { service().finish(arrival, {}, std::move(done)); });
  }
  Result<Welcome> log_in() { return finish(arrive(depart())); }

  std::shared_ptr<const domain::AdminUser> account(const std::string& subject = "person-1") {
    return account_of(*application_->model().current("system"), {std::string(kProvider), subject});
  }
  std::size_t sessions_of(const domain::AdminUser& admin) {
    return application_->model().current("system")->tokens_of(domain::SubjectKind::admin, admin.id).size();
  }
  std::uint64_t outcomes(Outcome outcome) {
    return metrics_
        .counter("togglecast_oidc_logins_total", "Logins by OpenID Connect that came back from the provider.",
                 {{"outcome", std::string(to_string(outcome))}})
        .value();
  }

  FakeProvider provider_;
  std::vector<egress::Done>* hold_ = nullptr;  // where calls of the provider wait; null: they are answered
};

}  // namespace togglecast::service::oidc::logins
