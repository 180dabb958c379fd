#include "service/settings/settings_service.hpp"

#include "service/duties/duties.hpp"
#include "unit/service/application_fixture.hpp"
#include "unit/storage/sqlite/other_process.hpp"

namespace togglecast::service {
namespace {

using domain::Role;
using testing::parse;
using testing::wait_for;

constexpr const char* kProvider = "https://id.example";

class SettingsTest : public testing::ApplicationTest {
 protected:
  void SetUp() override { open(); }

  void with_provider() {
    oidc::Options provider;
    provider.issuer = kProvider;
    options_.oidc = provider;
    reopen();
  }
  Result<changes::Written> patch(std::string_view body, const WriteOptions& options = {},
                                 const Principal& who = admin()) {
    return wait_for<changes::Written>(
        [&](changes::Done done) { application_->settings().update(who, parse(body), options, done); });
  }
  [[nodiscard]] json::object read() const { return application_->settings().read(admin()).value(); }
  /// An owner that logs in with this provider, made by another node.
  void owner_of(const std::string& issuer) {
    domain::AdminUser account;
    account.id = ++last_account_;
    account.username = "person-" + std::to_string(account.id);
    account.role = Role::owner;
    account.identity = domain::ProviderIdentity{issuer, account.username};
    storage::sqlite::testing::OtherProcess(folder_.path() / "data")
        .write("system", {{domain::Kind::admin, account.id, nullptr, to_json(account)}});
  }

  domain::Id last_account_ = 100;
};

TEST_F(SettingsTest, HaveDefaultsUntilOneIsChanged) {
  const json::object settings = read();

  EXPECT_EQ(settings.at("require_second_factor"), json::value("none"));
  EXPECT_EQ(settings.at("password_login"), json::value(true));
  EXPECT_EQ(settings.at("revision"), json::value(0));
  EXPECT_FALSE(settings.contains("updated_at"));
}

TEST_F(SettingsTest, AChangeIsARevisionOfTheInstallationAndStays) {
  const domain::Revision before = current("system")->revision();

  const auto written = patch(R"({"require_second_factor":"owners"})");

  ASSERT_TRUE(written.has_value()) << written.error().message;
  EXPECT_EQ(written->revision, before + 1);
  EXPECT_EQ(json::string_or_empty(written->body, "require_second_factor"), "owners");
  reopen();
  EXPECT_EQ(read().at("require_second_factor"), json::value("owners"));
  EXPECT_EQ(settings_of(*current("system")).require_second_factor, domain::FactorRule::owners);
}

TEST_F(SettingsTest, OnlyAnOwnerOfTheInstallationMay) {
  for (const domain::Standing role : {domain::Standing(Role::viewer), domain::Standing(Role::editor),
                                      domain::Standing(Role::owner, false)}) {
    Principal who = admin();
    who.role = role;
    EXPECT_EQ(patch(R"({"require_second_factor":"all"})", {}, who).error().code, Errc::forbidden);
    EXPECT_EQ(application_->settings().read(who).error().code, Errc::forbidden);
  }
}

TEST_F(SettingsTest, WrongValuesNameTheirField) {
  for (const auto& [body, field] : std::vector<std::pair<const char*, const char*>>{
           {R"({"require_second_factor":"some"})", "/require_second_factor"},
           {R"({"require_second_factor":1})", "/require_second_factor"},
           {R"({"password_login":"no"})", "/password_login"},
           {R"({"id":2})", "/id"},
           {R"({"color":"red"})", "/color"}}) {
    const auto refused = patch(body);
    ASSERT_FALSE(refused.has_value()) << body;
    EXPECT_EQ(refused.error().code, Errc::invalid_argument) << body;
    ASSERT_FALSE(refused.error().details.empty()) << body;
    EXPECT_EQ(refused.error().details.front().pointer, field) << body;
  }
  EXPECT_EQ(read().at("revision"), json::value(0));
}

TEST_F(SettingsTest, AChangeMayNameTheVersionThatItKnows) {
  WriteOptions knows_defaults;
  knows_defaults.if_match = domain::IfMatch({{current("system")->head().epoch, 0}});
  ASSERT_TRUE(patch(R"({"require_second_factor":"all"})", knows_defaults));

  EXPECT_EQ(patch(R"({"require_second_factor":"none"})", knows_defaults).error().code, Errc::conflict);
  WriteOptions knows_newest;
  knows_newest.if_match =
      domain::IfMatch({{current("system")->head().epoch, settings_of(*current("system")).revision}});
  EXPECT_TRUE(patch(R"({"require_second_factor":"none"})", knows_newest));
}

TEST_F(SettingsTest, MayBeSentBackAsTheyCame) {
  ASSERT_TRUE(patch(R"({"require_second_factor":"all"})"));
  json::object body = read();
  body["require_second_factor"] = "owners";

  EXPECT_TRUE(patch(json::serialize(body)));
  EXPECT_EQ(read().at("require_second_factor"), json::value("owners"));
}

TEST_F(SettingsTest, PasswordsCannotBeSwitchedOffWhenNobodyCouldGetIn) {
  const auto without = patch(R"({"password_login":false})");
  ASSERT_FALSE(without.has_value());
  EXPECT_EQ(without.error().code, Errc::conflict);
  EXPECT_EQ(without.error().details.front().pointer, "/password_login");

  with_provider();
  EXPECT_EQ(patch(R"({"password_login":false})").error().code, Errc::conflict) << "no owner comes that way";
  owner_of("https://other.example");
  EXPECT_EQ(patch(R"({"password_login":false})").error().code, Errc::conflict) << "another provider";
  owner_of(kProvider);
  EXPECT_TRUE(patch(R"({"password_login":false})"));
  EXPECT_TRUE(patch(R"({"require_second_factor":"all"})")) << "it stays off";
}

TEST_F(SettingsTest, WithoutPasswordsNoneIsTriedUntilAnOperatorSwitchesThemOn) {
  with_provider();
  const auto made = wait_for<changes::Written>([&](changes::Done done) {
    application_->admins().create(admin(), "jo", Role::editor, Secret("password of jo"), {}, done);
  });
  ASSERT_TRUE(made);
  owner_of(kProvider);
  ASSERT_TRUE(patch(R"({"password_login":false})"));

  for (const char* password : {"password of jo", "wrong"}) {
    const auto refused = login("jo", password);
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().code, Errc::forbidden);
    EXPECT_EQ(refused.error().message, "logins with a password are switched off; log in with OpenID Connect");
  }

  options_.enable_password_login = true;
  reopen();
  EXPECT_TRUE(login("jo", "password of jo"));
  EXPECT_EQ(read().at("password_login"), json::value(true));
}

}  // namespace
}  // namespace togglecast::service
