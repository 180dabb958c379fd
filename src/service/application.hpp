// The product tower, built and started in order: store, read model, feed, tail, committer, keys, services.
// Thread rule: opened, stopped and dropped by one thread; `add_environment` and `health` from any thread; the
// members offered here follow their own rules.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "changes/keeping/log_keeper.hpp"
#include "changes/scheduler.hpp"
#include "changes/tail.hpp"
#include "changes/upkeep.hpp"
#include "egress/client.hpp"
#include "service/accounts/admin_service.hpp"
#include "service/accounts/authenticator.hpp"
#include "service/accounts/issuer_service.hpp"
#include "service/accounts/last_use.hpp"
#include "service/accounts/session_service.hpp"
#include "service/accounts/signing_keys.hpp"
#include "service/accounts/token_service.hpp"
#include "service/api_keys/api_key_service.hpp"
#include "service/assets/asset_service.hpp"
#include "service/catalogue/entity_service.hpp"
#include "service/catalogue/environment_service.hpp"
#include "service/history/activity.hpp"
#include "service/history/history.hpp"
#include "service/issuers/trusted_issuers.hpp"
#include "service/messages/idempotent_sends.hpp"
#include "service/messages/mailbox.hpp"
#include "service/messages/message_list.hpp"
#include "service/oidc/login_service.hpp"
#include "service/second_factor/second_factor_service.hpp"
#include "service/sessions/session_list.hpp"
#include "service/settings/settings_service.hpp"

namespace togglecast::service {

inline constexpr std::string_view kFirstOwner = "owner";

struct ApplicationOptions {
  changes::RingLimits ring;  ///< recent snapshots
  changes::CommitterOptions committer;
  changes::TailOptions tail;
  changes::LogKeeperOptions log;
  changes::LeaseKeeperOptions lease;  ///< without a name of this node, it gets a random one
  changes::WorkerPoolOptions workers{.threads = 2, .queue = 512};
  TokenOptions tokens;
  SessionOptions sessions;
  AdminOptions admins;
  std::chrono::seconds idempotency_age = IdempotentSends::kKept;  ///< of messages; the store has its own
  AssetOptions assets;
  egress::Options egress;         ///< the way out to other servers
  TrustedIssuersOptions issuers;  ///< of tokens of clients
  MailboxOptions mailbox;
  std::optional<oidc::Options> oidc;  ///< logins by OpenID Connect
  oidc::Fetch fetch;                  ///< calls the provider; empty: `egress` does
  /// Made when missing, besides `system`.
  std::vector<std::string> environments;
  /// Asked when there is no admin yet.
  std::function<Result<Secret>()> first_owner_password;
  /// Whether that password was made up, so that it must be changed within `first_password_lifetime`; asked
  /// after it. Empty: it was not.
  std::function<bool()> first_password_is_generated{};
  std::chrono::seconds first_password_lifetime{std::chrono::hours{24}};
  /// Switches logins with a password on at start, whatever the settings say.
  bool enable_password_login = false;
  /// Shows or stores that password. Called in the transaction that makes the account, before its commit: so
  /// no crash leaves an account behind whose password nobody knows, and of nodes that start together only the
  /// one that makes the account tells a password. May be empty.
  std::function<Result<void>()> tell_first_password{};
  /// Fills the first of `environments` when that is empty, see catalogue_file.hpp.
  std::optional<json::value> first_catalogue;
};

class Application {
 public:
  /// Loads and checks everything, makes the things of a first start (environments, signing key, owner), then
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

  /// Whether this start filled an environment from `first_catalogue`.
  [[nodiscard]] bool made_first_catalogue() const noexcept { return made_first_catalogue_; }

  [[nodiscard]] const changes::ReadModel& model() const noexcept { return model_; }
  [[nodiscard]] changes::ChangeFeed& feed() noexcept { return feed_; }
  [[nodiscard]] const Authenticator& authenticator() const noexcept { return authenticator_; }
  /// A key of this installation for `purpose`, the same after a restart and on every node.
  [[nodiscard]] auth::SigningKey derived_key(std::string_view purpose) const {
    return keys_.oldest()->derive(purpose);
  }
  /// The same of the signing key with this name; nothing without one.
  [[nodiscard]] std::optional<auth::SigningKey> derived_key(std::string_view purpose,
                                                            std::string_view kid) const {
    const auth::SigningKeyPtr key = keys_.find(kid);
    return key == nullptr ? std::nullopt : std::optional(key->derive(purpose));
  }
  [[nodiscard]] SigningKeys& signing_keys() noexcept { return signing_keys_; }
  /// The way out to other servers.
  [[nodiscard]] egress::Client& egress() noexcept { return egress_; }
  [[nodiscard]] TrustedIssuers& trusted_issuers() noexcept { return trusted_issuers_; }
  [[nodiscard]] IssuerService& issuers() noexcept { return issuers_; }
  [[nodiscard]] PlatformService& platforms() noexcept { return platforms_; }
  [[nodiscard]] FeatureService& features() noexcept { return features_; }
  [[nodiscard]] SegmentService& segments() noexcept { return segments_; }
  [[nodiscard]] PackageService& packages() noexcept { return packages_; }
  [[nodiscard]] ClientService& clients() noexcept { return clients_; }
  [[nodiscard]] AssetService& assets() noexcept { return assets_; }
  [[nodiscard]] TokenService& tokens() noexcept { return tokens_; }
  /// Sessions of admins, whatever proves who they are.
  [[nodiscard]] SessionService& sessions() noexcept { return sessions_; }
  [[nodiscard]] SessionList& session_list() noexcept { return session_list_; }
  [[nodiscard]] AdminService& admins() noexcept { return admins_; }
  /// Logins by OpenID Connect; null without a provider.
  [[nodiscard]] oidc::LoginService* oidc() noexcept { return oidc_.get(); }
  /// When sessions and API keys were used last.
  [[nodiscard]] LastUse& last_use() noexcept { return last_use_; }
  [[nodiscard]] SettingsService& settings() noexcept { return settings_; }
  [[nodiscard]] SecondFactorService& second_factor() noexcept { return second_factor_; }
  [[nodiscard]] ApiKeyService& api_keys() noexcept { return api_keys_; }
  [[nodiscard]] EnvironmentService& environments() noexcept { return environments_; }
  [[nodiscard]] ActivityService& activity() noexcept { return activity_; }
  [[nodiscard]] History& history() noexcept { return history_; }
  /// Of all entrances: a message that one of them sent is not sent by another one under the same key.
  [[nodiscard]] IdempotentSends& idempotent_sends() noexcept { return idempotent_sends_; }
  /// Messages that wait for their acknowledgement.
  [[nodiscard]] Mailbox& mailbox() noexcept { return mailbox_; }
  [[nodiscard]] MessageList& message_list() noexcept { return message_list_; }
  /// Makes an environment while the server runs. `done` is called on the committer's thread, or within the
  /// call when too much waits; the subscribers of the feed have heard of the environment before. Errors as in
  /// committer.hpp.
  void add_environment(const std::string& key, changes::Committer::EnvironmentDone done);
  [[nodiscard]] changes::Tail& tail() noexcept { return tail_; }
  [[nodiscard]] changes::Scheduler& time() noexcept { return time_; }
  /// For work that takes too long for a shard. Passwords are hashed by other threads, so that heavy reads
  /// delay no login.
  [[nodiscard]] changes::WorkerPool& workers() noexcept { return workers_; }
  /// Pages of the log, on a thread of their own.
  [[nodiscard]] changes::StoreReader& reader() noexcept { return reader_; }
  /// For previews alone: many of them delay each other and nothing else.
  [[nodiscard]] changes::WorkerPool& previews() noexcept { return previews_; }
  /// For `/metrics` and detailed health alone.
  [[nodiscard]] changes::WorkerPool& operators() noexcept { return operators_; }
  /// Whether this node does what only one of the nodes of its store does at a time.
  [[nodiscard]] const changes::Upkeep& upkeep() const noexcept { return upkeep_; }
  /// The last failure of the store or of the tail, unless it has worked since.
  [[nodiscard]] Result<void> health() const;

  /// Answers every accepted request, then ends all threads. Later requests are refused.
  void stop();

 private:
  struct Readers {
    std::unique_ptr<storage::Reader> of_tail;
    std::unique_ptr<storage::Reader> of_requests;
    std::unique_ptr<storage::Reader> of_logins;
    std::unique_ptr<storage::Reader> of_log_keeper;
  };

  Application(std::unique_ptr<storage::Store> store, Readers readers, const ApplicationOptions& options,
              const Clock& clock, RandomSource& random, observe::Log& log, observe::Metrics& metrics);
  [[nodiscard]] Result<void> load(const ApplicationOptions& options, const Clock& clock,
                                  RandomSource& random);
  [[nodiscard]] changes::LogKeeperPorts log_keeper_ports();
  void begin_epoch(const std::string& environment, const domain::Head& lost);
  [[nodiscard]] Result<void> settle_with_marker();
  [[nodiscard]] Result<void> load_keys(storage::Reader& reader);
  [[nodiscard]] Result<void> remember_issuer_keys(storage::Reader& reader);
  [[nodiscard]] Result<void> make_oidc(const ApplicationOptions& options, const Clock& clock,
                                       observe::Metrics& metrics);
  [[nodiscard]] Result<void> make_first_owner(const ApplicationOptions& options, const Clock& clock);
  [[nodiscard]] Result<void> settle_password_login(const ApplicationOptions& options);
  [[nodiscard]] Result<void> make_first_catalogue(const ApplicationOptions& options);

  observe::Log& log_;
  std::unique_ptr<storage::Store> store_;
  RandomSource& random_;
  changes::ReadModel model_;
  changes::ChangeFeed feed_;
  changes::Tail tail_;
  changes::Upkeep upkeep_;
  changes::Committer committer_;
  changes::StoreReader reader_;
  changes::StoreReader logins_;
  changes::WorkerPool passwords_;
  changes::WorkerPool workers_;
  changes::WorkerPool previews_;
  changes::WorkerPool operators_;
  auth::KeyRing keys_;
  SigningKeys signing_keys_;
  LastUse last_use_;
  egress::Client egress_;
  TrustedIssuers trusted_issuers_;
  Authenticator authenticator_;
  PlatformService platforms_;
  FeatureService features_;
  SegmentService segments_;
  PackageService packages_;
  ClientService clients_;
  AssetService assets_;
  TokenService tokens_;
  SessionService sessions_;
  SessionList session_list_;
  IssuerService issuers_;
  auth::FactorCodes factor_codes_;
  AdminService admins_;
  SettingsService settings_;
  SecondFactorService second_factor_;
  ApiKeyService api_keys_;
  std::unique_ptr<oidc::LoginService> oidc_;
  EnvironmentService environments_;
  ActivityService activity_;
  History history_;
  IdempotentSends idempotent_sends_;
  Mailbox mailbox_;
  MessageList message_list_;
  changes::Scheduler time_;
  changes::LogKeeper log_keeper_;
  changes::LeaseKeeper lease_keeper_;
  bool made_first_owner_ = false;
  bool made_first_catalogue_ = false;
};

}  // namespace togglecast::service
