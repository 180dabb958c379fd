#include "service/accounts/signing_keys.hpp"

#include <algorithm>
#include <utility>

#include "changes/ops.hpp"
#include "domain/schema/environment.hpp"

namespace togglecast::service {
namespace {

constexpr std::size_t kKidBytes = 9;

const std::string& system_environment() {
  static const std::string name(domain::kSystemEnvironment);
  return name;
}

}  // namespace

changes::Build SigningKeys::build_key() {
  return [kid = random_token(random_, kKidBytes), secret = auth::random_signing_secret(random_)](
             changes::WriteContext& context) -> Result<changes::Draft> {
    const auto id = context.next_id(domain::Kind::signing_key);
    if (!id) return tl::unexpected(id.error());
    domain::SigningKeyRecord record;
    record.kid = kid;
    record.algorithm = to_string(auth::Algorithm::hs256);
    return changes::Draft{domain::Kind::signing_key,
                          *id,
                          {changes::create_op(record, *id, context)},
                          {{domain::Kind::signing_key, *id, secret}}};
  };
}

Result<void> SigningKeys::make_first() {
  changes::Build build = [make = build_key()](changes::WriteContext& context) -> Result<changes::Draft> {
    if (context.state().table<domain::SigningKeyRecord>().by_id.empty()) return make(context);
    return changes::Draft{domain::Kind::signing_key, 0, {}, {}};  // another node was quicker
  };
  return committer_
      .perform(changes::own_write(system_environment(), changes::Source::start, std::move(build)))
      .map([](const changes::Written&) {});
}

Result<void> SigningKeys::load(storage::Reader& reader) {
  Result<void> outcome;
  const auto system = model_.current(system_environment());
  system->table<domain::SigningKeyRecord>().by_id.for_each([&](domain::Id id, const auto& record) {
    if (!outcome || keys_.find(record->kid) != nullptr) return;
    const auto secret = reader.secret(system_environment(), domain::Kind::signing_key, id);
    if (!secret) {
      outcome = tl::unexpected(secret.error());
    } else if (!*secret || record->algorithm != to_string(auth::Algorithm::hs256)) {
      outcome = fail(Errc::internal,
                     "the secret of signing key " + record->kid + " is missing or of an unknown algorithm");
    } else if (auto key = auth::SigningKey::make(record->kid, **secret); !key) {
      outcome = tl::unexpected(key.error());
    } else {
      const UnixMillis signs_from{record->created_at.value + Milliseconds(kAnnounced).count()};
      keys_.add(std::move(*key), keys_.empty() ? UnixMillis{} : signs_from);
    }
  });
  return outcome;
}

void SigningKeys::follow(changes::ChangeFeed& feed) {
  heard_ = feed.subscribe(
      [this](const changes::CommitPtr& commit) {
        if (commit->row.environment != system_environment()) return;
        const auto& ops = commit->row.change.ops;
        const bool concerns = std::any_of(ops.begin(), ops.end(), [](const domain::Op& op) {
          return op.entity == domain::Kind::signing_key;
        });
        if (concerns) read_new_ones();
      },
      [this](const domain::SnapshotPtr& first) {
        if (first->environment() == system_environment()) read_new_ones();
      });
}

// Too much waits, or the store does not answer: the next look, or a token of that key, reads them.
void SigningKeys::read_new_ones() {
  std::ignore = secrets_.submit([this](storage::Reader& reader) {
    if (const auto loaded = load(reader); !loaded)
      log_.error("a signing key could not be read", {{"reason", loaded.error().message}});
  });
}

void SigningKeys::rotate(const Principal& who, const WriteOptions& options, changes::Done done) {
  if (auto allowed = require(who, auth::Action::manage_keys); !allowed)
    return done(tl::unexpected(allowed.error()));
  auto idempotency = idempotency_of(who, options, "signing_key create", nullptr);
  if (!idempotency) return done(tl::unexpected(idempotency.error()));
  committer_.submit({system_environment(), actor_of(who, options), std::move(*idempotency), build_key()},
                    std::move(done));
}

bool SigningKeys::look_again(std::function<void()> again) {
  return tail_.look_then([this, again = std::move(again)](bool) {
    const bool taken = secrets_.submit([this, again](storage::Reader& reader) {
      std::ignore = load(reader);
      again();
    });
    if (!taken) again();
  });
}

}  // namespace togglecast::service
