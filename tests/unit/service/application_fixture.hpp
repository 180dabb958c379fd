// A whole product tower on a real SQLite file in a folder of its own, with a clock that stands still.
#pragma once

#include <gtest/gtest.h>

#include <filesystem>
#include <future>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "service/application.hpp"
#include "storage/sqlite/sqlite_store.hpp"
#include "support/temporary_folder.hpp"

namespace togglecast::service::testing {

/// Calls `start(done)` and waits for what `done` is called with.
template <typename T, typename Start>
Result<T> wait_for(Start&& start) {
  auto promise = std::make_shared<std::promise<Result<T>>>();
  auto future = promise->get_future();
  start([promise](Result<T> answer) { promise->set_value(std::move(answer)); });
  return future.get();
}

inline json::value parse(std::string_view text) { return json::parse(text).value(); }

class ApplicationTest : public ::testing::Test {
 protected:
  static constexpr const char* kPassword = "correct horse";

  ApplicationTest() {
    options_.environments = {"production"};
    options_.admins.passwords = auth::kCheapPasswords;
  }

  void open() {
    auto store = storage::sqlite::SqliteStore::open(folder_.path() / "data", store_options_);
    ASSERT_TRUE(store.has_value()) << store.error().message;
    open_on(std::move(*store));
  }
  void open_on(std::unique_ptr<storage::Store> store) {
    options_.first_owner_password = [this]() -> Result<Secret> {
      ++asked_for_password_;
      return Secret(std::string(kPassword));
    };
    auto application = Application::open(std::move(store), options_, clock_, random_, log_, metrics_);
    ASSERT_TRUE(application.has_value()) << application.error().message;
    application_ = std::move(*application);
  }
  void reopen() {
    application_.reset();
    open();
  }
  /// Stops, and copies the folder of the data.
  void back_up() {
    application_.reset();
    std::filesystem::copy(folder_.path() / "data", folder_.path() / "backup");
    std::filesystem::remove(folder_.path() / "backup" / "togglecast.lock");
    open();
  }
  /// Stops, puts the copy in place of the data, and opens it: a new epoch.
  void restore() {
    application_.reset();
    std::filesystem::remove_all(folder_.path() / "data");
    std::filesystem::copy(folder_.path() / "backup", folder_.path() / "data");
    open();
  }

  static Principal admin(domain::Role role = domain::Role::owner, std::string environment = "production") {
    Principal who;
    who.kind = Principal::Kind::admin;
    who.id = 1;
    who.name = "owner";
    who.role = role;
    who.environment = std::move(environment);
    return who;
  }

  Result<changes::Written> create_platform(std::string_view body, const WriteOptions& options = {},
                                           const Principal& who = admin()) {
    return wait_for<changes::Written>(
        [&](changes::Done done) { application_->platforms().create(who, parse(body), options, done); });
  }
  Result<changes::Written> update_platform(domain::Id id, std::string_view body,
                                           const WriteOptions& options = {}, const Principal& who = admin()) {
    return wait_for<changes::Written>(
        [&](changes::Done done) { application_->platforms().update(who, id, parse(body), options, done); });
  }
  Result<changes::Written> toggle_platform(domain::Id id, std::optional<bool> enabled = {},
                                           const Principal& who = admin()) {
    return wait_for<changes::Written>(
        [&](changes::Done done) { application_->platforms().toggle(who, id, enabled, {}, done); });
  }
  Result<changes::Written> remove_platform(domain::Id id, const Principal& who = admin()) {
    return wait_for<changes::Written>(
        [&](changes::Done done) { application_->platforms().remove(who, id, {}, done); });
  }
  Result<changes::Written> create_client(std::string_view body, const Principal& who = admin()) {
    return wait_for<changes::Written>(
        [&](changes::Done done) { application_->clients().create(who, parse(body), {}, done); });
  }
  Result<IssuedToken> issue_token(domain::Id client, std::string_view body = "{}",
                                  const WriteOptions& options = {}, const Principal& who = admin()) {
    return wait_for<IssuedToken>(
        [&](IssueDone done) { application_->tokens().issue(who, client, parse(body), options, done); });
  }
  Result<LoggedIn> login(const std::string& username, const std::string& password) {
    Login request;
    request.username = username;
    request.password = Secret(password);
    request.session.environment = "production";
    request.throttled_as = "192.0.2.1";
    return wait_for<LoggedIn>([&](LoginDone done) { application_->admins().login(request, {}, done); });
  }

  Result<void> add_environment(const std::string& key) {
    return wait_for<void>(
        [&](const changes::Committer::EnvironmentDone& done) { application_->add_environment(key, done); });
  }

  domain::SnapshotPtr current(std::string_view environment = "production") const {
    return application_->model().current(environment);
  }

  togglecast::testing::TemporaryFolder folder_;
  ManualClock clock_;
  SystemRandom random_;
  /// All threads write lines.
  std::vector<std::string> log_lines() {
    const std::lock_guard lock(log_mutex_);
    return written_lines_;
  }

  std::mutex log_mutex_;
  std::vector<std::string> written_lines_;
  observe::Log log_{{.level = observe::Level::debug},
                    [this](std::string_view line) {
                      const std::lock_guard lock(log_mutex_);
                      written_lines_.emplace_back(line);
                    },
                    clock_};
  observe::Metrics metrics_;
  storage::sqlite::SqliteOptions store_options_;
  ApplicationOptions options_;
  int asked_for_password_ = 0;
  std::unique_ptr<Application> application_;
};

}  // namespace togglecast::service::testing
