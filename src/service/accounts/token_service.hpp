// Tokens of clients: issue, list, revoke. The answer to `issue` shows the token; the store keeps only its
// record. A repeated request (idempotency key) shows the same token again: it is signed again from the
// record. If that token has been withdrawn or has expired, the repeated request is a `conflict`.
// Thread and error rules as in entity_service.hpp.
#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <vector>

#include "auth/key_ring.hpp"
#include "base/clock.hpp"
#include "base/random.hpp"
#include "base/secret.hpp"
#include "changes/committer.hpp"
#include "changes/read_model.hpp"
#include "service/accounts/principal.hpp"
#include "service/listing/listing.hpp"

namespace togglecast::service {

struct TokenOptions {
  std::chrono::seconds default_lifetime{std::chrono::hours{24 * 90}};
  std::chrono::hours longest_lifetime{24 * 3'650};
  std::size_t per_subject = 100;         ///< most valid tokens of one client or admin, and most other records
  std::chrono::hours keep_dead{24 * 7};  ///< a record stays listed so long after it expired or was revoked
};

struct IssuedToken {
  json::value record;  ///< the token record's body
  Secret token;
  domain::Revision revision = 0;
  std::int64_t epoch = 0;
  bool replayed = false;
};
using IssueDone = std::function<void(Result<IssuedToken> issued)>;

class TokenService {
 public:
  TokenService(changes::Committer& committer, const changes::ReadModel& model, const auth::KeyRing& keys,
               RandomSource& random, const Clock& clock, const TokenOptions& options = {})
      : committer_(committer),
        model_(model),
        keys_(keys),
        random_(random),
        clock_(clock),
        options_(options) {}

  /// `body`: `{label?, expires_in? (seconds, or "never") | expires_at?}`; both absent: the default lifetime.
  void issue(const Principal& who, domain::Id client, const json::value& body, const WriteOptions& options,
             IssueDone done);
  /// Records of one client by ascending id, expired and revoked ones included.
  [[nodiscard]] Result<std::vector<std::shared_ptr<const domain::TokenRecord>>> list(const Principal& who,
                                                                                     domain::Id client) const;
  /// A page of them.
  [[nodiscard]] Result<Page<domain::TokenRecord>> page(const Principal& who, domain::Id client,
                                                       const PageQuery& query) const;
  /// Closes the live connections of this token. A second call changes nothing.
  void revoke(const Principal& who, domain::Id token, const WriteOptions& options, changes::Done done);

 private:
  changes::Committer& committer_;
  const changes::ReadModel& model_;
  const auth::KeyRing& keys_;
  RandomSource& random_;
  const Clock& clock_;
  TokenOptions options_;
};

/// A random id for a token.
[[nodiscard]] std::string new_jti(RandomSource& random);

/// The policy when a subject already has `per_subject` tokens.
enum class WhenFull : std::uint8_t { refuse, drop_oldest };

/// Adds `record`, without id and stamps, to `draft`. Also adds deletions of the subject's records that ended
/// `keep_dead` ago, or that do not live and of which `per_subject` newer ones exist. `system` has the keys
/// that sign.
[[nodiscard]] Result<void> add_token(changes::Draft& draft, domain::TokenRecord record,
                                     const TokenOptions& options, WhenFull when_full,
                                     const domain::Snapshot& system, changes::WriteContext& context);

/// `conflict` unless the token or session of a repeated answer is valid in `state`, at `now`, and the key
/// that signed it is not retired in `system`.
[[nodiscard]] Result<void> check_replayed(const domain::TokenRecord& record, const domain::Snapshot& state,
                                          const domain::Snapshot& system, UnixMillis now);

/// Signs the token of a committed token record. A repeated answer shows no dead token: `conflict` unless the
/// token is valid in `state`, at `now`.
[[nodiscard]] Result<IssuedToken> sign_written(const auth::KeyRing& keys, const changes::Written& written,
                                               const domain::Snapshot& state, const domain::Snapshot& system,
                                               UnixMillis now);

}  // namespace togglecast::service
