// Whose tokens of clients are trusted besides our own, and with which keys. It follows the issuers in
// `system`. Keys of a URL or a file are read at the start and again in the background; until the next success
// the last ones count, for a limited time. A token of an unknown key makes it look at once, at most every 30
// seconds. Connections that are in stay in while the keys are away; they end when the issuer or their key is
// withdrawn.
//
// Thread rule: any thread. `follow` by the owner. `stop` after the client of the way out has stopped.
#pragma once

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "auth/jws.hpp"
#include "auth/public_key.hpp"
#include "base/clock.hpp"
#include "base/jitter.hpp"
#include "changes/feed.hpp"
#include "changes/read_model.hpp"
#include "egress/client.hpp"
#include "observe/log.hpp"
#include "service/issuers/issued_by.hpp"
#include "service/issuers/token_claims.hpp"
#include "storage/fetched.hpp"

namespace togglecast::service {

struct TrustedIssuersOptions {
  std::chrono::seconds longest_token{24 * 3'600};  ///< from `iat` to `exp`
  std::chrono::seconds stale_keys{24 * 3'600};     ///< how long fetched keys count without a new success
  std::filesystem::path key_folder{};              ///< of `jwks_file`; empty: no files
  std::chrono::seconds look_interval{30};          ///< at most so often for unknown keys
};

/// A token that is valid, as far as its issuer goes.
struct IssuedClaims {
  IssuedByPtr by;
  std::string environment;
  TokenClaims claims;
};

class TrustedIssuers {
 public:
  /// All references must outlive it.
  TrustedIssuers(const changes::ReadModel& model, egress::Client& egress, const Clock& clock,
                 observe::Log& log, TrustedIssuersOptions options = {});
  TrustedIssuers(const TrustedIssuers&) = delete;
  TrustedIssuers& operator=(const TrustedIssuers&) = delete;
  ~TrustedIssuers() { stop(); }

  /// Keeps what was read from a URL for the next run. Called on any thread; must return quickly.
  using Keep = std::function<void(storage::Fetched keys)>;
  /// Before `follow`: the keys of earlier runs count until they are read again, for as long as they would
  /// have without the restart.
  void remember(std::vector<storage::Fetched> kept, Keep keep);
  /// The store did not take the keys of this issuer: they are kept when they are read the next time.
  void not_kept(domain::Id issuer);
  /// Reads the issuers that the model has, and follows their changes.
  void follow(changes::ChangeFeed& feed);
  void stop();

  /// Whether the text looks like a token that others than this server sign. Nothing is verified.
  [[nodiscard]] static bool is_foreign(std::string_view token);
  /// Errors: `token_invalid`, `token_expired`; `unavailable` while the issuer's keys cannot be had.
  [[nodiscard]] Result<IssuedClaims> verify(std::string_view token) const;
  /// Whether no issuer signs with the name in this token, so that another node may have just made it.
  [[nodiscard]] bool is_unknown(std::string_view token) const;
  /// After a refusal. The token's key may be new: `again` runs on another thread once the keys were looked
  /// for. False, and `again` never runs, when that changes nothing or was done a moment ago.
  [[nodiscard]] bool look_again(std::string_view token, std::function<void()> again);

  /// Whether the issuer is still active, and has the key.
  [[nodiscard]] bool trusts(const IssuedBy& by) const;
  /// `told` is called whenever something was withdrawn, on any thread, until this object stops. One listener.
  void on_withdrawn(std::function<void()> told);

  /// `{source, keys: [{kid, alg}], fetched_at, error}`; nothing without such an issuer.
  [[nodiscard]] std::optional<json::object> describe_keys(domain::Id issuer) const;
  /// Looks for what is due by now. The thread does that by itself.
  void look();

 private:
  struct Source;
  struct Entry {
    std::shared_ptr<const domain::Issuer> issuer;
    std::shared_ptr<Source> source;  // guarded by the mutex
  };
  using Calls = std::vector<std::function<void()>>;

  void rebuild(const domain::Snapshot& system);
  [[nodiscard]] std::shared_ptr<Source> make_source(const domain::Issuer& issuer);
  [[nodiscard]] const Entry* entry_of(domain::Id issuer) const;
  // The one issuer of this token. The error says why there is none.
  [[nodiscard]] Result<const Entry*> issuer_of(const auth::Jws& token) const;
  void run();
  void ask(const std::shared_ptr<Source>& source);
  void take(const std::shared_ptr<Source>& source, const Result<auth::KeySet>& keys,
            std::chrono::seconds fresh, std::string_view text = {});
  [[nodiscard]] std::optional<storage::Fetched> to_keep(Source& source, std::string_view text) const;
  void take_kept(Source& source) const;
  [[nodiscard]] Result<auth::KeySet> read_file(const std::string& name) const;
  void tell_withdrawn();

  const changes::ReadModel& model_;
  egress::Client& egress_;
  const Clock& clock_;
  observe::Log& log_;
  const TrustedIssuersOptions options_;

  mutable std::mutex mutex_;
  std::condition_variable wake_;
  std::vector<Entry> entries_;
  std::map<domain::Id, storage::Fetched> kept_;  // of earlier runs
  Keep keep_;
  Jitter jitter_;
  bool look_ = false;
  bool stopping_ = false;
  std::function<void()> told_;
  std::thread thread_;
  changes::ChangeFeed::Subscription heard_;
};

}  // namespace togglecast::service
