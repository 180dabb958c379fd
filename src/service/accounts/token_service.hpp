// Tokens of clients: issue, list, revoke. A token is shown once, in the answer to its making; afterwards
// there is only its record. A repeated request (idempotency key) shows the same token again, signed anew from
// the record. Thread and error rules as in entity_service.hpp.
#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <vector>

#include "auth/key_ring.hpp"
#include "base/random.hpp"
#include "base/secret.hpp"
#include "changes/committer.hpp"
#include "changes/read_model.hpp"
#include "service/accounts/principal.hpp"

namespace togglecast::service {

struct TokenOptions {
  std::chrono::hours default_lifetime{24 * 365};
  std::chrono::hours longest_lifetime{24 * 3'650};
  std::size_t per_subject = 100;            ///< records of one client or admin that have not expired
  std::chrono::hours keep_expired{24 * 7};  ///< how long an expired record is still listed, at least
};

struct IssuedToken {
  json::value record;  ///< the token record's body
  Secret token;
  domain::Revision revision = 0;
  bool replayed = false;
};
using IssueDone = std::function<void(Result<IssuedToken> issued)>;

class TokenService {
 public:
  TokenService(changes::Committer& committer, const changes::ReadModel& model, const auth::KeyRing& keys,
               RandomSource& random, const TokenOptions& options = {})
      : committer_(committer), model_(model), keys_(keys), random_(random), options_(options) {}

  /// `body`: `{label?, expires_in? (seconds) | expires_at?}`; both absent: the default lifetime.
  void issue(const Principal& who, domain::Id client, const json::value& body, const WriteOptions& options,
             IssueDone done);
  /// Records of one client by ascending id, expired and revoked ones included.
  [[nodiscard]] Result<std::vector<std::shared_ptr<const domain::TokenRecord>>> list(const Principal& who,
                                                                                     domain::Id client) const;
  /// Live connections that came with it are closed. Revoking twice changes nothing.
  void revoke(const Principal& who, domain::Id token, const WriteOptions& options, changes::Done done);

 private:
  changes::Committer& committer_;
  const changes::ReadModel& model_;
  const auth::KeyRing& keys_;
  RandomSource& random_;
  TokenOptions options_;
};

/// A random name for a token.
[[nodiscard]] std::string new_jti(RandomSource& random);

/// What happens when a subject has as many tokens as it may have.
enum class WhenFull : std::uint8_t { refuse, drop_oldest };

/// Adds `record`, which lacks id and stamps, to `draft`, together with deletions of records of the same
/// subject that expired more than `keep_expired` ago.
[[nodiscard]] Result<void> add_token(changes::Draft& draft, domain::TokenRecord record,
                                     const TokenOptions& options, WhenFull when_full,
                                     changes::WriteContext& context);

/// Turns a written token record into the token.
[[nodiscard]] Result<IssuedToken> sign_written(const auth::KeyRing& keys, const changes::Written& written);

}  // namespace togglecast::service
