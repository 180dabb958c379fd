// API keys of machines: make, list, change, revoke. The text of a key is in the answer that makes it and
// nowhere else: a repeated request (idempotency key) is a `conflict`. All records live in `system`; each
// works in one environment. Thread and error rules as in entity_service.hpp.
#pragma once

#include <functional>
#include <memory>

#include "base/random.hpp"
#include "base/secret.hpp"
#include "changes/committer.hpp"
#include "changes/read_model.hpp"
#include "service/accounts/principal.hpp"
#include "service/listing/listing.hpp"

namespace togglecast::service {

struct MadeApiKey {
  json::value record;
  Secret key;
  std::int64_t epoch = 0;
};
using MadeApiKeyDone = std::function<void(Result<MadeApiKey> made)>;

class ApiKeyService {
 public:
  ApiKeyService(changes::Committer& committer, const changes::ReadModel& model, RandomSource& random)
      : committer_(committer), model_(model), random_(random) {}

  /// Of all environments.
  [[nodiscard]] Result<Page<domain::ApiKey>> list(const Principal& who, const PageQuery& query) const;
  [[nodiscard]] Result<std::shared_ptr<const domain::ApiKey>> find(const Principal& who,
                                                                   domain::Id key) const;
  /// `body`: `{name, scopes, environment?, addresses?, expires_at? | expires_in? (seconds), active?}`.
  void create(const Principal& who, const json::value& body, const WriteOptions& options,
              MadeApiKeyDone done);
  /// `body`: some of `name, scopes, addresses, expires_at, active`. What the key may no longer do, its live
  /// connections lose at once.
  void update(const Principal& who, domain::Id key, const json::value& body, const WriteOptions& options,
              changes::Done done);
  /// Revokes it: the record goes, and its live connections end.
  void remove(const Principal& who, domain::Id key, const WriteOptions& options, changes::Done done);

 private:
  changes::Committer& committer_;
  const changes::ReadModel& model_;
  RandomSource& random_;
};

}  // namespace togglecast::service
