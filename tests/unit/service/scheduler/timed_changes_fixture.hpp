// A product whose time passes when the test says so, with features that read it and overrides that end.
#pragma once

#include <chrono>
#include <condition_variable>
#include <mutex>
#include <string>
#include <vector>

#include "domain/entities/client.hpp"
#include "unit/service/application_fixture.hpp"

namespace togglecast::service::testing {

// 2023-11-14T22:13:20Z, where the manual clock stands at first.
inline constexpr std::int64_t kStart = 1'700'000'000;

class PassingTime : public ApplicationTest {
 protected:
  // Counts revisions as they come.
  class Watcher {
   public:
    explicit Watcher(Application& application) {
      subscription_ = application.feed().subscribe([this](const changes::CommitPtr& commit) {
        const std::scoped_lock lock(mutex_);
        commits_.push_back(commit);
        came_.notify_all();
      });
    }
    // The first commit after `revision` of `environment`.
    changes::CommitPtr after(domain::Revision revision, const std::string& environment = "production") {
      changes::CommitPtr found;
      std::unique_lock lock(mutex_);
      const bool there = came_.wait_for(lock, std::chrono::seconds(60), [&] {
        for (const auto& commit : commits_)
          if (commit->row.environment == environment && commit->after->revision() == revision + 1)
            found = commit;
        return found != nullptr;
      });
      EXPECT_TRUE(there) << "no commit after revision " << revision;
      return found;
    }

   private:
    std::mutex mutex_;
    std::condition_variable came_;
    std::vector<changes::CommitPtr> commits_;
    changes::ChangeFeed::Subscription subscription_;
  };

  void move_on(std::chrono::milliseconds by) {
    clock_.advance(by);
    application_->time().look();
  }
  // A write that waits behind everything that was asked of the writer.
  void settle() { create_platform(R"({"key":"not a key"})"); }

  Result<changes::Written> create_feature(const std::string& key, const std::string& more = "",
                                          const Principal& who = admin()) {
    return wait_for<changes::Written>([&](changes::Done done) {
      application_->features().create(
          who, parse(R"({"key":")" + key + R"(","name":")" + key + "\"" + more + "}"), {}, done);
    });
  }
  Result<changes::Written> create_timed(const std::string& key, const std::string& rule) {
    return create_feature(key, R"(,"targeting":{"if":[)" + rule + R"(,"on","off"]})");
  }
  Result<changes::Written> set_override(domain::Id client, domain::Id feature, const std::string& body,
                                        const Principal& who = admin()) {
    return wait_for<changes::Written>([&](changes::Done done) {
      application_->clients().set_override(who, client, feature, parse(body), {}, done);
    });
  }
  // On for `seconds` from now.
  Result<changes::Written> grant(domain::Id client, domain::Id feature, std::int64_t seconds,
                                 const Principal& who = admin()) {
    const std::string until = to_iso8601({clock_.wall_now().value + seconds * 1'000});
    return set_override(client, feature, R"({"value":true,"expires_at":")" + until + "\"}", who);
  }
  // A package of features 1 … count, and a client on it.
  void create_subscriber(int features) {
    std::string list;
    for (int i = 1; i <= features; ++i)
      list += (i > 1 ? "," : "") + (R"({"feature_id":)" + std::to_string(i) + "}");
    const auto package = wait_for<changes::Written>([&](changes::Done done) {
      application_->packages().create(
          admin(), parse(R"({"key":"pro","name":"Pro","features":[)" + list + "]}"), {}, done);
    });
    ASSERT_TRUE(package.has_value()) << package.error().message;
    ASSERT_TRUE(create_client(R"({"key":"acme","name":"Acme","package_id":1,"attributes":{"region":"eu"}})")
                    .has_value());
  }
  std::size_t overrides_of(domain::Id client, std::string_view environment = "production") const {
    return current(environment)->find<domain::Client>(client)->overrides.size();
  }
  ActivityPage activity(const storage::LogQuery& query = {}) {
    return wait_for<ActivityPage>([&](ActivityDone done) {
             application_->activity().page(admin(), ActivityQuery{query, {}}, done);
           })
        .value();
  }
  std::string newest_summary() { return std::string(activity().entries.at(0).at("summary").as_string()); }
  Result<Undone> undo(domain::Revision revision) {
    return wait_for<Undone>([&](UndoDone done) {
      application_->activity().undo(admin(), {1, revision}, {}, done);
    });
  }
  static std::string is_reached(std::int64_t second, const std::string& op = ">=") {
    return "{\"" + op + R"(":[{"var":"$flagd.timestamp"},)" + std::to_string(second) + "]}";
  }
};

}  // namespace togglecast::service::testing
