// The product tower, built and started in order: store, read model, feed, writer, keys, services.
// Thread rule: opened, stopped and dropped by one thread; the members offered here follow their own rules.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "service/activity.hpp"
#include "service/admin_service.hpp"
#include "service/authenticator.hpp"
#include "service/entity_service.hpp"
#include "service/history.hpp"
#include "service/time_keeper.hpp"

namespace togglecast::service {

inline constexpr std::string_view kFirstOwner = "owner";

struct ProductOptions {
  std::size_t ring = 1'024;  ///< recent snapshots per environment
  WriterOptions writer;
  WorkerPoolOptions workers;
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

class Product {
 public:
  /// Loads and checks everything, makes what a first start needs (environments, signing key, owner), then
  /// starts the writer. `clock`, `random`, `log` and `metrics` must outlive it.
  [[nodiscard]] static Result<std::unique_ptr<Product>> open(std::unique_ptr<storage::Store> store,
                                                             const ProductOptions& options,
                                                             const Clock& clock, RandomSource& random,
                                                             observe::Log& log, observe::Metrics& metrics);
  ~Product() { stop(); }
  Product(const Product&) = delete;
  Product& operator=(const Product&) = delete;

  /// Whether this start made the owner's account.
  [[nodiscard]] bool made_first_owner() const noexcept { return made_first_owner_; }

  /// Whether this start filled the default environment from `first_catalogue`.
  [[nodiscard]] bool made_first_catalogue() const noexcept { return made_first_catalogue_; }

  [[nodiscard]] const ReadModel& model() const noexcept { return model_; }
  [[nodiscard]] ChangeFeed& feed() noexcept { return feed_; }
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
  [[nodiscard]] TimeKeeper& time() noexcept { return time_; }
  /// For what takes longer than a shard may.
  [[nodiscard]] WorkerPool& workers() noexcept { return workers_; }
  /// For previews: so that many of them hold up one another, and nothing else.
  [[nodiscard]] WorkerPool& previews() noexcept { return previews_; }
  /// The store's last failure, unless a write has succeeded since.
  [[nodiscard]] Result<void> health() const { return writer_.health(); }

  /// Answers everything that was accepted, then ends all threads. What is asked later is refused.
  void stop();

 private:
  Product(std::unique_ptr<storage::Store> store, std::unique_ptr<storage::Reader> reader,
          const ProductOptions& options, const Clock& clock, RandomSource& random, observe::Log& log,
          observe::Metrics& metrics);
  [[nodiscard]] Result<void> load(const ProductOptions& options, const Clock& clock, RandomSource& random);
  [[nodiscard]] Result<void> load_keys(storage::Reader& reader, RandomSource& random);
  [[nodiscard]] Result<void> make_signing_key(RandomSource& random);
  [[nodiscard]] Result<void> make_first_owner(const ProductOptions& options);
  [[nodiscard]] Result<void> make_first_catalogue(const json::value& file);

  std::unique_ptr<storage::Store> store_;
  ReadModel model_;
  ChangeFeed feed_;
  Writer writer_;
  StoreReader reader_;
  WorkerPool workers_;
  WorkerPool previews_;
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
  TimeKeeper time_;
  bool made_first_owner_ = false;
  bool made_first_catalogue_ = false;
};

}  // namespace togglecast::service
