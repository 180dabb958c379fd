#include "service/accounts/signing_keys.hpp"

#include <algorithm>
#include <utility>

#include "changes/ops.hpp"
#include "domain/entities/client.hpp"
#include "domain/schema/environment.hpp"

namespace togglecast::service {
namespace {

constexpr std::size_t kKidBytes = 9;

const std::string& system_environment() {
  static const std::string name(domain::kSystemEnvironment);
  return name;
}

}  // namespace

std::shared_ptr<const domain::SigningKeyRecord> signer_at(const domain::Snapshot& system, UnixMillis at) {
  std::shared_ptr<const domain::SigningKeyRecord> signer;
  bool first = true;
  system.table<domain::SigningKeyRecord>().by_id.for_each([&](domain::Id, const auto& key) {
    const std::int64_t announced =
        std::exchange(first, false) ? at.value : key->created_at.value + Milliseconds(kAnnounced).count();
    const bool was_retired = key->retired_at && *key->retired_at <= at;
    if (!was_retired && (announced <= at.value || signer == nullptr)) signer = key;
  });
  return signer;
}

bool is_living(const domain::TokenRecord& token, const domain::Snapshot& state,
               const domain::Snapshot& system, UnixMillis now) {
  if (token.revoked_at || token.expires_at <= now) return false;
  if (token.subject_kind == domain::SubjectKind::client) {
    const auto client = state.find<domain::Client>(token.subject_id);
    if (client == nullptr || (client->tokens_valid_from && token.created_at < *client->tokens_valid_from))
      return false;
  }
  const auto signer = signer_at(system, token.created_at);
  return signer == nullptr || !signer->retired_at;
}

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
    const auto number = static_cast<auth::KeyRing::Number>(id);
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
      keys_.add(std::move(*key), keys_.empty() ? UnixMillis{} : signs_from, number);
    }
  });
  take_retired(*system);
  return outcome;
}

void SigningKeys::follow(changes::ChangeFeed& feed) {
  heard_ = feed.subscribe(
      [this](const changes::CommitPtr& commit) {
        if (commit->row.environment != system_environment()) return;
        take_retired(*commit->after);
        const auto& ops = commit->row.change.ops;
        const bool concerns = std::any_of(ops.begin(), ops.end(), [](const domain::Op& op) {
          return op.entity == domain::Kind::signing_key;
        });
        if (concerns) read_new_ones();
      },
      [this](const domain::SnapshotPtr& first) {
        if (first->environment() != system_environment()) return;
        take_retired(*first);
        read_new_ones();
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

void SigningKeys::take_retired(const domain::Snapshot& state) {
  bool news = false;
  state.table<domain::SigningKeyRecord>().by_id.for_each([&](domain::Id, const auto& record) {
    if (record->retired_at && keys_.retire(record->kid)) news = true;
  });
  if (!news) return;
  const std::scoped_lock lock(retired_mutex_);
  if (retired_) retired_();
}

SigningKeys::Counts SigningKeys::live_tokens() const {
  Counts counts;
  const UnixMillis now = clock_.wall_now();
  const auto system = model_.current(system_environment());
  for (const std::string& environment : model_.environments()) {
    const auto state = model_.current(environment);
    state->table<domain::TokenRecord>().by_id.for_each([&](domain::Id, const auto& token) {
      if (!is_living(*token, *state, *system, now)) return;
      if (const auto signer = signer_at(*system, token->created_at); signer != nullptr) ++counts[signer->kid];
    });
  }
  return counts;
}

Result<json::array> SigningKeys::list(const Principal& who) const {
  if (auto allowed = require(who, auth::Action::manage_keys); !allowed)
    return tl::unexpected(allowed.error());
  const Counts counts = live_tokens();
  const std::string signs = keys_.current(clock_.wall_now())->kid();
  json::array out;
  model_.current(system_environment())
      ->table<domain::SigningKeyRecord>()
      .by_id.for_each([&](domain::Id id, const auto& record) {
        const auto count = counts.find(record->kid);
        const std::int64_t announced = out.empty() ? 0 : Milliseconds(kAnnounced).count();
        json::object one{{"id", id},
                         {"kid", record->kid},
                         {"algorithm", record->algorithm},
                         {"created_at", to_iso8601(record->created_at)},
                         {"signs_from", to_iso8601({record->created_at.value + announced})},
                         {"signs", record->kid == signs},
                         {"live_tokens", count == counts.end() ? 0 : count->second}};
        if (record->retired_at) one["retired_at"] = to_iso8601(*record->retired_at);
        out.push_back(std::move(one));
      });
  return out;
}

void SigningKeys::retire(const Principal& who, const std::string& kid, const WriteOptions& options,
                         changes::Done done) {
  changes::Build build = [this, kid, force = options.force, if_match = options.if_match](
                             changes::WriteContext& context) -> Result<changes::Draft> {
    const auto record = context.state().find_by_key<domain::SigningKeyRecord>(kid);
    if (record == nullptr || record->retired_at)
      return fail(Errc::not_found, "there is no signing key " + kid);
    const auto before = changes::subject<domain::SigningKeyRecord>(context, record->id, if_match);
    if (!before) return tl::unexpected(before.error());
    std::size_t others = 0;
    context.state().table<domain::SigningKeyRecord>().by_id.for_each(
        [&](domain::Id, const auto& one) { others += one->retired_at || one->kid == kid ? 0 : 1; });
    if (others == 0)
      return fail(Errc::conflict,
                  "this is the last signing key; make another one first (POST "
                  "/api/v1/signing-keys)");
    if (!force && keys_.current(context.at())->kid() == kid)
      return fail(Errc::conflict,
                  "this key signs; make another one and wait until it signs, or send force=true, which ends "
                  "the sessions of its tokens at once");
    const Counts counts = force ? Counts{} : live_tokens();
    if (const auto live = counts.find(kid); live != counts.end())
      return fail(Errc::conflict, std::to_string(live->second) +
                                      " tokens of this key are valid; wait until they have expired, or send "
                                      "force=true, which ends their sessions at once");
    domain::SigningKeyRecord after = **before;
    after.retired_at = context.at();
    return changes::draft_about(**before, changes::update_op(**before, std::move(after), context));
  };
  Principal owner = who;
  owner.environment = system_environment();
  submit_write(committer_, owner, auth::Action::manage_keys, options, "signing_key retire " + kid, nullptr,
               std::move(build), std::move(done));
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
