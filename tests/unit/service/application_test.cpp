#include "service/application.hpp"

#include "unit/service/application_fixture.hpp"

namespace togglecast::service {
namespace {

using domain::Platform;
using testing::wait_for;

class ApplicationStart : public testing::ApplicationTest {};

TEST_F(ApplicationStart, AFirstStartMakesEnvironmentsKeyAndOwner) {
  open();

  EXPECT_EQ(application_->model().environments(), (std::vector<std::string>{"production", "system"}));
  EXPECT_EQ(current("system")->table<domain::SigningKeyRecord>().by_id.size(), 1U);
  EXPECT_EQ(current("system")->find_by_key<domain::AdminUser>("owner")->role, domain::Role::owner);
  EXPECT_EQ(current()->revision(), 0);
}

TEST_F(ApplicationStart, TheRevisionIsAMetricFromTheStartOn) {
  open();
  create_platform(R"({"key":"web","name":"Web"})");
  EXPECT_NE(metrics_.exposition().find("togglecast_revision{environment=\"production\"} 1"),
            std::string::npos);
  reopen();
  EXPECT_NE(metrics_.exposition().find("togglecast_revision{environment=\"system\"} 2"), std::string::npos);
}

TEST_F(ApplicationStart, ALaterStartMakesNothing) {
  open();
  const auto system = current("system")->offset();

  reopen();

  EXPECT_EQ(current("system")->offset(), system);
}

TEST_F(ApplicationStart, WithoutAPasswordThereIsNoAccount) {
  options_.first_owner_password = []() -> Result<Secret> {
    return fail(Errc::unavailable, "no terminal, no file");
  };
  auto store = storage::sqlite::SqliteStore::open(folder_.path() / "data").value();
  const auto refused = Application::open(std::move(store), options_, clock_, random_, log_, metrics_);
  ASSERT_FALSE(refused.has_value());

  open();

  EXPECT_TRUE(application_->made_first_owner());
}

TEST_F(ApplicationStart, ADamagedLogStopsTheStart) {
  open();
  create_platform(R"({"key":"web","name":"Web"})");
  application_.reset();
  auto database = storage::sqlite::Database::open(folder_.path() / "data" / "togglecast.db", {}).value();
  ASSERT_TRUE(database.execute("UPDATE entity SET body = replace(body, 'Web', 'Wob') WHERE kind = 'platform'")
                  .has_value());

  auto store = storage::sqlite::SqliteStore::open(folder_.path() / "data").value();
  const auto refused = Application::open(std::move(store), options_, clock_, random_, log_, metrics_);

  ASSERT_FALSE(refused.has_value());
  EXPECT_NE(refused.error().message.find("contradict"), std::string::npos) << refused.error().message;
  EXPECT_NE(refused.error().message.find("restore a backup"), std::string::npos) << refused.error().message;
}

TEST_F(ApplicationStart, ASecondEnvironmentIsAWorldOfItsOwn) {
  options_.environments = {"production", "staging"};
  open();
  const Principal there = admin(domain::Role::owner, "staging");
  create_platform(R"({"key":"web","name":"Production"})");
  create_platform(R"({"key":"web","name":"Staging"})", {}, there);
  create_platform(R"({"key":"ios","name":"Staging too"})", {}, there);
  create_client(R"({"key":"acme","name":"Acme"})");
  create_client(R"({"key":"acme","name":"Acme"})", there);
  const auto token = issue_token(1, "{}", {}, there).value();
  std::vector<std::string> told;
  auto subscription = application_->feed().subscribe([&](const changes::CommitPtr& commit) {
    told.push_back(commit->row.environment + ' ' + std::to_string(commit->row.head.revision));
  });

  remove_platform(1, there);
  toggle_platform(1);

  EXPECT_EQ(told, (std::vector<std::string>{"staging 5", "production 3"}));
  EXPECT_EQ(current()->find<Platform>(1)->name, "Production");
  EXPECT_EQ(current("staging")->find<Platform>(1), nullptr);
  EXPECT_EQ(application_->platforms().list(admin(), {})->items.size(), 1U);
  EXPECT_EQ(application_->platforms().find(admin(), 2).error().code, Errc::not_found);
  EXPECT_EQ(application_->model().find("staging", current()->offset()), nullptr);
  const auto client = application_->authenticator().authenticate(token.token.reveal()).value();
  EXPECT_EQ(client.environment, "staging");
  EXPECT_TRUE(application_->tokens().list(admin(), 1)->empty());
  const auto activity =
      wait_for<ActivityPage>([&](ActivityDone done) { application_->activity().page(admin(), {}, done); });
  EXPECT_EQ(activity->entries.size(), 3U);
  subscription.reset();
  reopen();
  EXPECT_EQ(current("staging")->revision(), 5);
  EXPECT_EQ(current()->revision(), 3);
  EXPECT_EQ(application_->authenticator().authenticate(token.token.reveal())->environment, "staging");
}

TEST_F(ApplicationStart, AnEnvironmentThatIsAddedWhileItRunsIsAWorldOfItsOwn) {
  open();
  create_platform(R"({"key":"web","name":"Production"})");
  std::vector<std::string> told;
  auto subscription = application_->feed().subscribe(
      [&](const changes::CommitPtr& commit) { told.push_back(commit->row.environment); },
      [&](const domain::SnapshotPtr& first) { told.push_back("new " + first->environment()); });

  const auto added = add_environment("staging");
  const Principal there = admin(domain::Role::owner, "staging");
  const auto created = create_platform(R"({"key":"web","name":"Staging"})", {}, there);

  ASSERT_TRUE(added.has_value()) << added.error().message;
  ASSERT_TRUE(created.has_value()) << created.error().message;
  EXPECT_EQ(created->id, 1);
  EXPECT_EQ(told, (std::vector<std::string>{"new staging", "staging"}));
  EXPECT_EQ(current()->find<Platform>(1)->name, "Production");
  EXPECT_EQ(current("staging")->find<Platform>(1)->name, "Staging");
  EXPECT_EQ(add_environment("system").error().code, Errc::already_exists);
  subscription.reset();
  reopen();
  EXPECT_EQ(current("staging")->revision(), 1);
}

TEST_F(ApplicationStart, ViewersDoNotReadOfTokensInTheActivityFeed) {
  open();
  create_client(R"({"key":"acme","name":"Acme"})");
  issue_token(1);
  const auto entries = [&](domain::Role role) {
    return wait_for<ActivityPage>(
               [&](ActivityDone done) { application_->activity().page(admin(role), {}, done); })
        ->entries.size();
  };

  EXPECT_EQ(entries(domain::Role::owner), 2U);
  EXPECT_EQ(entries(domain::Role::viewer), 1U);
}

TEST_F(ApplicationStart, PagesThroughTheActivity) {
  open();
  for (int i = 0; i < 5; ++i) create_platform(R"({"name":"P","key":"p)" + std::to_string(i) + R"("})");
  const auto page = [&](domain::Revision before) {
    ActivityQuery query;
    query.before = before;
    query.limit = 2;
    return wait_for<ActivityPage>(
               [&](ActivityDone done) { application_->activity().page(admin(), query, done); })
        .value();
  };

  const auto first = page(0);
  const auto second = page(first.next);
  const auto third = page(second.next);

  EXPECT_EQ(first.entries.at(0).at("revision"), json::value(5));
  EXPECT_EQ(second.entries.at(0).at("revision"), json::value(3));
  EXPECT_EQ(third.entries.size(), 1U);
  EXPECT_EQ(third.next, 0);
}

}  // namespace
}  // namespace togglecast::service
