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

namespace {

// The right to change entities of this kind; nothing: such an op follows from others, and has no right of its
// own.
std::optional<auth::Action> write_scope(domain::Kind kind) noexcept {
  switch (kind) {
    case domain::Kind::platform:
      return auth::Action::write_platforms;
    case domain::Kind::feature:
      return auth::Action::write_features;
    case domain::Kind::segment:
      return auth::Action::write_segments;
    case domain::Kind::package:
      return auth::Action::write_packages;
    case domain::Kind::client:
      return auth::Action::write_clients;
    case domain::Kind::token:
    case domain::Kind::admin:
    case domain::Kind::signing_key:
    case domain::Kind::environment:
    case domain::Kind::api_key:
    case domain::Kind::issuer:
    case domain::Kind::settings:
    case domain::Kind::second_factor:
      break;
  }
  return std::nullopt;
}

}  // namespace

changes::Build within_scopes(const Principal& who, changes::Build build) {
  if (who.kind != Principal::Kind::machine) return build;
  return [who, build = std::move(build)](changes::WriteContext& context) -> Result<changes::Draft> {
    auto draft = build(context);
    if (!draft) return draft;
    for (const domain::Op& op : draft->ops) {
      const auto action = write_scope(op.entity);
      if (!action) continue;
      if (auto allowed = require(who, *action); !allowed) {
        Error error = allowed.error();
        error.message += ", because this request also changes " + std::string(domain::to_string(op.entity)) +
                         ' ' + std::to_string(op.id);
        return tl::unexpected(std::move(error));
      }
    }
    return draft;
  };
}

void submit_write(changes::Committer& committer, const Principal& who, auth::Action action,
                  const WriteOptions& options, std::string_view operation, const json::value& body,
                  changes::Build build, changes::Done done) {
  if (auto allowed = require(who, action); !allowed) return done(tl::unexpected(allowed.error()));
  auto idempotency = idempotency_of(who, options, operation, body);
  if (!idempotency) return done(tl::unexpected(idempotency.error()));
  committer.submit({who.environment, actor_of(who, options), std::move(*idempotency),
                    within_scopes(who, std::move(build))},
                   std::move(done));
}

}  // namespace togglecast::service
