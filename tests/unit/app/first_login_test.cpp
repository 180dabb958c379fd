#include "app/first_login.hpp"

#include <gmock/gmock.h>
#include <sys/stat.h>

#include <fstream>
#include <future>
#include <sstream>

#include "storage/sqlite/sqlite_store.hpp"
#include "support/temporary_folder.hpp"

namespace togglecast::app {
namespace {

using ::testing::HasSubstr;
using Disclosure = FirstLogin::Disclosure;

std::string content_of(const std::filesystem::path& path) {
  std::ostringstream text;
  text << std::ifstream(path).rdbuf();
  return text.str();
}

class FirstLoginTest : public ::testing::Test {
 protected:
  std::unique_ptr<service::Application> open(FirstLogin& first_login) {
    service::ApplicationOptions options;
    options.environments = {"production"};
    options.admins.passwords = auth::kCheapPasswords;
    options.first_owner_password = [&first_login] { return first_login.choose(nullptr); };
    options.tell_first_password = [&first_login] { return first_login.disclose(); };
    return service::Application::open(storage::sqlite::SqliteStore::open(folder_.path()).value(), options,
                                      clock_, random_, log_, metrics_)
        .value();
  }
  static bool set_password(service::Application& application) {
    std::promise<bool> done;
    application.admins().set_password(
        service::Principal::server("system"), "owner", Secret("another-password"), {},
        [&done](const Result<changes::Written>& written) { done.set_value(written.has_value()); });
    return done.get_future().get();
  }

  togglecast::testing::TemporaryFolder folder_;
  SystemClock clock_;
  SystemRandom random_;
  observe::Metrics metrics_;
  observe::Log log_{{}, [this](std::string_view line) { logged_ += line; }, clock_};
  std::string logged_;
};

TEST_F(FirstLoginTest, TakesThePasswordFromTheVariable) {
  FirstLogin first_login(folder_.path(), true, random_);

  EXPECT_EQ(first_login.choose("from-the-variable")->reveal(), "from-the-variable");
  EXPECT_EQ(first_login.disclosure(), Disclosure::none);
  ASSERT_TRUE(first_login.disclose());

  EXPECT_EQ(first_login.disclosure(), Disclosure::by_variable);
  EXPECT_FALSE(first_login.file_exists());
}

TEST_F(FirstLoginTest, SaysWhatIsWrongWithTheVariable) {
  FirstLogin first_login(folder_.path(), true, random_);

  const auto refused = first_login.choose("short");

  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().message,
            "TOGGLECAST_OWNER_PASSWORD cannot be the owner's password: it must have at least 8 characters");
}

TEST_F(FirstLoginTest, ShowsARandomPasswordOnATerminalAlone) {
  FirstLogin first_login(folder_.path(), true, random_);

  ::testing::internal::CaptureStdout();
  const auto password = first_login.choose("");
  ASSERT_TRUE(first_login.disclose());
  ASSERT_TRUE(first_login.disclose());
  const std::string shown = ::testing::internal::GetCapturedStdout();

  EXPECT_THAT(shown, HasSubstr(password->reveal()));
  EXPECT_EQ(shown.find(password->reveal()), shown.rfind(password->reveal())) << "once";
  EXPECT_EQ(first_login.disclosure(), Disclosure::on_terminal);
  EXPECT_FALSE(first_login.file_exists());
}

TEST_F(FirstLoginTest, WritesItDownWhenNobodyLooksOn) {
  FirstLogin first_login(folder_.path(), false, random_);

  const auto password = first_login.choose(nullptr);
  EXPECT_FALSE(first_login.file_exists()) << "another node may be quicker";
  ASSERT_TRUE(first_login.disclose());

  EXPECT_EQ(first_login.disclosure(), Disclosure::in_file);
  EXPECT_EQ(content_of(first_login.path()), "username: owner\npassword: " + password->reveal() + "\n");
  struct stat status {};
  ASSERT_EQ(::stat(first_login.path().c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 0777, 0600U);
}

TEST_F(FirstLoginTest, TheFileGoesWithTheFirstChangeOfThePassword) {
  FirstLogin first_login(folder_.path(), false, random_);
  const auto application = open(first_login);
  const auto watching = first_login.watch(*application);
  ASSERT_TRUE(first_login.file_exists());

  ASSERT_TRUE(set_password(*application));

  EXPECT_FALSE(first_login.file_exists());
  EXPECT_EQ(logged_.find("password"), std::string::npos);
}

TEST_F(FirstLoginTest, TheFileStaysWhileThePasswordStands) {
  {
    FirstLogin first_login(folder_.path(), false, random_);
    const auto application = open(first_login);
  }
  FirstLogin later(folder_.path(), false, random_);

  const auto application = open(later);
  const auto watching = later.watch(*application);

  EXPECT_EQ(later.disclosure(), Disclosure::none);
  EXPECT_TRUE(later.file_exists());
}

TEST_F(FirstLoginTest, AFileThatOutlivedItsPasswordGoesAtTheNextStart) {
  {
    FirstLogin first_login(folder_.path(), false, random_);
    const auto application = open(first_login);
    ASSERT_TRUE(set_password(*application));  // nobody watched, as if the process had died before removing it
  }
  FirstLogin later(folder_.path(), false, random_);
  ASSERT_TRUE(later.file_exists());

  const auto application = open(later);
  const auto watching = later.watch(*application);

  EXPECT_FALSE(later.file_exists());
}

}  // namespace
}  // namespace togglecast::app
