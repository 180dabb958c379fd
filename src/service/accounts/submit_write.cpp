#include "service/accounts/submit_write.hpp"

#include <algorithm>

#include "base/digest.hpp"

namespace togglecast::service {

bool is_idempotency_key(std::string_view key) noexcept {
  return !key.empty() && key.size() <= 128 &&
         std::all_of(key.begin(), key.end(), [](char c) { return c > ' ' && c <= '~'; });
}

Result<std::optional<storage::IdempotencyKey>> idempotency_of(const Principal& who,
                                                              const WriteOptions& options,
                                                              std::string_view operation,
                                                              const json::value& body) {
  const std::string& key = options.idempotency_key;
  if (key.empty()) return std::nullopt;
  if (!is_idempotency_key(key))
    return fail(Errc::invalid_argument,
                "the header Idempotency-Key must be 1 to 128 visible ASCII characters");
  std::string actor = std::string(to_string(who.kind)) + ' ' + std::to_string(who.id);
  std::string request = std::string(operation) + '\n' + json::canonical(body);
  return storage::IdempotencyKey{std::move(actor), key, sha256(request)};
}

void submit_write(changes::Committer& committer, const Principal& who, auth::Action action,
                  const WriteOptions& options, std::string_view operation, const json::value& body,
                  changes::Build build, changes::Done done) {
  if (auto allowed = require(who, action); !allowed) return done(tl::unexpected(allowed.error()));
  auto idempotency = idempotency_of(who, options, operation, body);
  if (!idempotency) return done(tl::unexpected(idempotency.error()));
  committer.submit({who.environment, actor_of(who, options), std::move(*idempotency), std::move(build)},
                   std::move(done));
}

}  // namespace togglecast::service
