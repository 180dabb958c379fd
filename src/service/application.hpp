// The product tower, built and started in order: store, read model, feed, committer, keys, services.
// Thread rule: opened, stopped and dropped by one thread; the members offered here follow their own rules.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "changes/scheduler.hpp"
#include "service/accounts/admin_service.hpp"
#include "service/accounts/authenticator.hpp"
#include "service/catalogue/entity_service.hpp"
#include "service/history/activity.hpp"
#include "service/history/history.hpp"

namespace togglecast::service {

inline constexpr std::string_view kFirstOwner = "owner";

struct ApplicationOptions {
  std::size_t ring = 1'024;  ///< recent snapshots per environment
  changes::CommitterOptions committer;
  changes::WorkerPoolOptions workers;
  TokenOptions tokens;
  AdminOptions admins;
  /// Made when missing, besides `system`.
  std::vector<std::string> environments{std::string(kDefaultEnvironment)};
  /// Asked when there is no admin yet, before the account is made. Whoever makes up a password shows it or
  /// writes it down here, so that no crash can leave an account behind whose password nobody knows.
  std::function<Result<Secret>()> first_owner_password;
  /// Fills the default environment when it holds nothing, see catalogue_file.hpp.
  std::optional<json::value> first_catalogue;
};

class Application {
 public:
  /// Loads and checks everything, makes what a first start needs (environments, signing key, owner), then
  /// starts the committer. `clock`, `random`, `log` and `metrics` must outlive it.
  [[nodiscard]] static Result<std::unique_ptr<Application>> open(std::unique_ptr<storage::Store> store,
                                                                 const ApplicationOptions& options,
                                                                 const Clock& clock, RandomSource& random,
                                                                 observe::Log& log,
                                                                 observe::Metrics& metrics);
  ~Application() { stop(); }
  Application(const Application&) = delete;
  Application& operator=(const Application&) = delete;

  /// Whether this start made the owner's account.
  [[nodiscard]] bool made_first_owner() const noexcept { return made_first_owner_; }

  /// Whether this start filled the default environment from `first_catalogue`.
  [[nodiscard]] bool made_first_catalogue() const noexcept { return made_first_catalogue_; }

  [[nodiscard]] const changes::ReadModel& model() const noexcept { return model_; }
  [[nodiscard]] changes::ChangeFeed& feed() noexcept { return feed_; }
  [[nodiscard]] const Authenticator& authenticator() const noexcept { return authenticator_; }
  [[nodiscard]] PlatformService& platforms() noexcept { return platforms_; }
  [[nodiscard]] FeatureService& features() noexcept { return features_; }
  [[nodiscard]] SegmentService& segments() noexcept { return segments_; }
  [[nodiscard]] PackageService& packages() noexcept { return packages_; }
  [[nodiscard]] ClientService& clients() noexcept { return clients_; }
  [[nodiscard]] TokenService& tokens() noexcept { return tokens_; }
  [[nodiscard]] AdminService& admins() noexcept { return admins_; }
  [[nodiscard]] ActivityService& activity() noexcept { return activity_; }
  [[nodiscard]] History& history() noexcept { return history_; }
  [[nodiscard]] changes::Scheduler& time() noexcept { return time_; }
  /// For what takes longer than a shard may.
  [[nodiscard]] changes::WorkerPool& workers() noexcept { return workers_; }
  /// For previews: so that many of them hold up one another, and nothing else.
  [[nodiscard]] changes::WorkerPool& previews() noexcept { return previews_; }
  /// The store's last failure, unless a write has succeeded since.
  [[nodiscard]] Result<void> health() const { return committer_.health(); }

  /// Answers everything that was accepted, then ends all threads. What is asked later is refused.
  void stop();

 private:
  Application(std::unique_ptr<storage::Store> store, std::unique_ptr<storage::Reader> reader,
              const ApplicationOptions& options, const Clock& clock, RandomSource& random, observe::Log& log,
              observe::Metrics& metrics);
  [[nodiscard]] Result<void> load(const ApplicationOptions& options, const Clock& clock,
                                  RandomSource& random);
  [[nodiscard]] Result<void> load_keys(storage::Reader& reader, RandomSource& random);
  [[nodiscard]] Result<void> make_signing_key(RandomSource& random);
  [[nodiscard]] Result<void> make_first_owner(const ApplicationOptions& options);
  [[nodiscard]] Result<void> make_first_catalogue(const json::value& file);

  std::unique_ptr<storage::Store> store_;
  changes::ReadModel model_;
  changes::ChangeFeed feed_;
  changes::Committer committer_;
  changes::StoreReader reader_;
  changes::WorkerPool workers_;
  changes::WorkerPool previews_;
  auth::KeyRing keys_;
  Authenticator authenticator_;
  PlatformService platforms_;
  FeatureService features_;
  SegmentService segments_;
  PackageService packages_;
  ClientService clients_;
  TokenService tokens_;
  AdminService admins_;
  ActivityService activity_;
  History history_;
  changes::Scheduler time_;
  bool made_first_owner_ = false;
  bool made_first_catalogue_ = false;
};

}  // namespace togglecast::service
