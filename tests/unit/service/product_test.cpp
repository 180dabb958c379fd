#include "service/product.hpp"

#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdlib>

#include "unit/service/product_fixture.hpp"

extern char** environ;  // NOLINT(readability-redundant-declaration)

namespace togglecast::service {
namespace {

using domain::Platform;
using testing::wait_for;

class ProductStart : public testing::ProductTest {};

TEST_F(ProductStart, AFirstStartMakesEnvironmentsKeyAndOwner) {
  open();

  EXPECT_EQ(product_->model().environments(), (std::vector<std::string>{"production", "system"}));
  EXPECT_EQ(current("system")->table<domain::SigningKeyRecord>().by_id.size(), 1U);
  EXPECT_EQ(current("system")->find_by_key<domain::AdminUser>("owner")->role, domain::Role::owner);
  EXPECT_EQ(current()->revision(), 0);
}

TEST_F(ProductStart, TheRevisionIsAMetricFromTheStartOn) {
  open();
  create_platform(R"({"key":"web","name":"Web"})");
  EXPECT_NE(metrics_.exposition().find("togglecast_revision{environment=\"production\"} 1"),
            std::string::npos);
  reopen();
  EXPECT_NE(metrics_.exposition().find("togglecast_revision{environment=\"system\"} 2"), std::string::npos);
}

TEST_F(ProductStart, ALaterStartMakesNothing) {
  open();
  const auto system = current("system")->offset();

  reopen();

  EXPECT_EQ(current("system")->offset(), system);
}

TEST_F(ProductStart, WithoutAPasswordThereIsNoAccount) {
  options_.first_owner_password = []() -> Result<Secret> {
    return fail(Errc::unavailable, "no terminal, no file");
  };
  auto store = storage::sqlite::SqliteStore::open(folder_.path() / "data").value();
  const auto refused = Product::open(std::move(store), options_, clock_, random_, log_, metrics_);
  ASSERT_FALSE(refused.has_value());

  open();

  EXPECT_TRUE(product_->made_first_owner());
}

TEST_F(ProductStart, ADamagedLogStopsTheStart) {
  open();
  create_platform(R"({"key":"web","name":"Web"})");
  product_.reset();
  auto database = storage::sqlite::Database::open(folder_.path() / "data" / "togglecast.db", {}).value();
  ASSERT_TRUE(database.execute("UPDATE entity SET body = replace(body, 'Web', 'Wob') WHERE kind = 'platform'")
                  .has_value());

  auto store = storage::sqlite::SqliteStore::open(folder_.path() / "data").value();
  const auto refused = Product::open(std::move(store), options_, clock_, random_, log_, metrics_);

  ASSERT_FALSE(refused.has_value());
  EXPECT_NE(refused.error().message.find("contradict"), std::string::npos) << refused.error().message;
  EXPECT_NE(refused.error().message.find("restore a backup"), std::string::npos) << refused.error().message;
}

TEST_F(ProductStart, ASecondEnvironmentIsAWorldOfItsOwn) {
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
  auto subscription = product_->feed().subscribe([&](const CommitPtr& commit) {
    told.push_back(commit->row.environment + ' ' + std::to_string(commit->row.head.revision));
  });

  remove_platform(1, there);
  toggle_platform(1);

  EXPECT_EQ(told, (std::vector<std::string>{"staging 5", "production 3"}));
  EXPECT_EQ(current()->find<Platform>(1)->name, "Production");
  EXPECT_EQ(current("staging")->find<Platform>(1), nullptr);
  EXPECT_EQ(product_->platforms().list(admin(), {})->items.size(), 1U);
  EXPECT_EQ(product_->platforms().find(admin(), 2).error().code, Errc::not_found);
  EXPECT_EQ(product_->model().find("staging", current()->offset()), nullptr);
  const auto client = product_->authenticator().authenticate(token.token.reveal()).value();
  EXPECT_EQ(client.environment, "staging");
  EXPECT_TRUE(product_->tokens().list(admin(), 1)->empty());
  const auto activity =
      wait_for<ActivityPage>([&](ActivityDone done) { product_->activity().page(admin(), {}, done); });
  EXPECT_EQ(activity->entries.size(), 3U);
  subscription.reset();
  reopen();
  EXPECT_EQ(current("staging")->revision(), 5);
  EXPECT_EQ(current()->revision(), 3);
  EXPECT_EQ(product_->authenticator().authenticate(token.token.reveal())->environment, "staging");
}

TEST_F(ProductStart, ViewersDoNotReadOfTokensInTheActivityFeed) {
  open();
  create_client(R"({"key":"acme","name":"Acme"})");
  issue_token(1);
  const auto entries = [&](domain::Role role) {
    return wait_for<ActivityPage>(
               [&](ActivityDone done) { product_->activity().page(admin(role), {}, done); })
        ->entries.size();
  };

  EXPECT_EQ(entries(domain::Role::owner), 2U);
  EXPECT_EQ(entries(domain::Role::viewer), 1U);
}

TEST_F(ProductStart, PagesThroughTheActivity) {
  open();
  for (int i = 0; i < 5; ++i) create_platform(R"({"name":"P","key":"p)" + std::to_string(i) + R"("})");
  const auto page = [&](domain::Revision before) {
    storage::LogQuery query;
    query.before = before;
    query.limit = 2;
    return wait_for<ActivityPage>([&](ActivityDone done) { product_->activity().page(admin(), query, done); })
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

// ---- kill -9 ----

constexpr const char* kCrashFolder = "TOGGLECAST_TEST_CRASH_FOLDER";

// Not a test by itself: the child of the next one. Writes until it is killed and prints each acknowledged
// revision.
class CrashChild : public testing::ProductTest {};

TEST_F(CrashChild, DISABLED_WritesUntilItIsKilled) {
  const char* folder = std::getenv(kCrashFolder);
  ASSERT_NE(folder, nullptr);
  open_on(storage::sqlite::SqliteStore::open(folder).value());
  for (int i = 0;; ++i) {
    const auto created = create_platform(R"({"name":"P","key":"p)" + std::to_string(i % 900) + "-" +
                                         std::to_string(i / 900) + R"("})");
    ASSERT_TRUE(created.has_value()) << created.error().message;
    const std::string line = std::to_string(created->revision) + '\n';
    ASSERT_EQ(::write(STDOUT_FILENO, line.data(), line.size()), static_cast<ssize_t>(line.size()));
  }
}

// Starts the child with its standard output in a pipe.
std::pair<pid_t, int> start_child(const std::string& folder) {
  int ends[2] = {-1, -1};
  EXPECT_EQ(::pipe2(ends, O_CLOEXEC), 0);
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_adddup2(&actions, ends[1], STDOUT_FILENO);
  ::setenv(kCrashFolder, folder.c_str(), 1);
  const std::string self = std::filesystem::read_symlink("/proc/self/exe").string();
  std::vector<std::string> words{self, "--gtest_filter=CrashChild.*", "--gtest_also_run_disabled_tests",
                                 "--gtest_brief=1"};
  std::vector<char*> arguments;
  for (auto& word : words) arguments.push_back(word.data());
  arguments.push_back(nullptr);
  pid_t child = -1;
  EXPECT_EQ(::posix_spawn(&child, self.c_str(), &actions, nullptr, arguments.data(), environ), 0);
  posix_spawn_file_actions_destroy(&actions);
  ::close(ends[1]);
  return {child, ends[0]};
}

class KilledServer : public testing::ProductTest {};

TEST_F(KilledServer, LosesNothingItAcknowledged) {
  const auto data = folder_.path() / "data";
  for (const int acknowledgements : {1, 17, 60}) {
    const auto [child, output] = start_child(data.string());
    std::string text;
    char buffer[512];
    while (std::count(text.begin(), text.end(), '\n') <
           acknowledgements + 2) {  // gtest prints a line or two before
      const ssize_t length = ::read(output, buffer, sizeof buffer);
      if (length <= 0) break;
      text.append(buffer, static_cast<std::size_t>(length));
    }
    ::kill(child, SIGKILL);
    for (ssize_t length = 1; length > 0;) {  // what it had acknowledged before it died
      length = ::read(output, buffer, sizeof buffer);
      if (length > 0) text.append(buffer, static_cast<std::size_t>(length));
    }
    int status = 0;
    ::waitpid(child, &status, 0);
    ::close(output);
    ASSERT_TRUE(WIFSIGNALED(status)) << text;
    domain::Revision last = 0;
    std::istringstream lines(text.substr(0, text.rfind('\n') + 1));
    for (std::string line; std::getline(lines, line);)
      if (const auto revision = domain::parse_id(line); revision > 0) last = revision;
    ASSERT_GT(last, 0) << text;

    open();

    EXPECT_GE(current()->revision(), last);
    EXPECT_EQ(static_cast<domain::Revision>(current()->table<Platform>().by_id.size()),
              current()->revision());
    product_.reset();
    auto store = storage::sqlite::SqliteStore::open(data).value();
    for (const char* environment : {"production", "system"})  // the whole log, its chain checked
      EXPECT_TRUE(store->load(environment, 1'000'000).has_value()) << environment;
    store.reset();
    std::filesystem::remove_all(data);
  }
}

}  // namespace
}  // namespace togglecast::service
