// Admins with a second factor, and the codes that their apps show.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "auth/codes/totp.hpp"
#include "unit/service/application_fixture.hpp"

namespace togglecast::service::testing {

class FactorTest : public ApplicationTest {
 protected:
  void SetUp() override { open(); }

  static Secret bytes_of_base32(std::string_view text) {
    constexpr std::string_view kLetters = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
    std::string bytes;
    unsigned waiting = 0;
    unsigned bits = 0;
    for (const char c : text) {
      waiting = (waiting << 5U) | static_cast<unsigned>(kLetters.find(c));
      bits += 5;
      if (bits < 8) continue;
      bits -= 8;
      bytes += static_cast<char>((waiting >> bits) & 0xffU);
    }
    return Secret(std::move(bytes));
  }
  /// The code that an app shows at this moment, or `drift` steps later.
  [[nodiscard]] std::string shown(const Secret& secret, std::int64_t drift = 0) const {
    return auth::hotp(secret, static_cast<std::uint64_t>(auth::step_at(clock_.wall_now()) + drift));
  }
  void next_step() { clock_.advance(std::chrono::seconds{auth::kCodeSeconds}); }

  Result<LoggedIn> login_with(const std::string& username, const std::string& password,
                              const std::string& code) {
    Login request;
    request.username = username;
    request.password = Secret(password);
    request.session.environment = "production";
    request.throttled_as = "192.0.2.1";
    request.code = Secret(code);
    return wait_for<LoggedIn>([&](LoginDone done) { application_->admins().login(request, {}, done); });
  }
  Principal principal(const LoggedIn& session) {
    return application_->authenticator().authenticate(session.token.reveal()).value();
  }
  static Proof proof(const std::string& password, const std::string& code = {}) {
    return {Secret(password), Secret(code), "192.0.2.1"};
  }
  Result<FactorSetup> begin(const Principal& who, const std::string& password = kPassword,
                            const WriteOptions& options = {}) {
    return wait_for<FactorSetup>([&](SetupDone done) {
      application_->second_factor().begin(who, proof(password), options, std::move(done));
    });
  }
  Result<std::vector<Secret>> confirm(const Principal& who, const std::string& code,
                                      const WriteOptions& options = {}) {
    return wait_for<std::vector<Secret>>([&](RecoveryCodesDone done) {
      application_->second_factor().confirm(who, proof({}, code), options, std::move(done));
    });
  }
  struct Factor {
    Secret secret;
    std::vector<Secret> recovery;
  };
  /// Sets one up. The code of this step is used up; the clock moves to the next one.
  Factor set_up(const Principal& who, const std::string& password = kPassword) {
    const auto setup = begin(who, password);
    EXPECT_TRUE(setup.has_value()) << setup.error().message;
    Factor factor{bytes_of_base32(setup->secret.reveal()), {}};
    auto codes = confirm(who, shown(factor.secret));
    EXPECT_TRUE(codes.has_value()) << codes.error().message;
    if (codes) factor.recovery = *std::move(codes);
    next_step();
    return factor;
  }
  Result<changes::Written> require_factor(const std::string& rule) {
    return wait_for<changes::Written>([&](changes::Done done) {
      application_->settings().update(Principal::server("system"),
                                      parse(R"({"require_second_factor":")" + rule + "\"}"), {}, done);
    });
  }
  Principal make_admin(const std::string& username, domain::Role role) {
    EXPECT_TRUE(wait_for<changes::Written>([&](changes::Done done) {
      application_->admins().create(admin(), username, role, Secret("password of " + username), {}, done);
    }));
    return principal(login(username, "password of " + username).value());
  }
};

}  // namespace togglecast::service::testing
