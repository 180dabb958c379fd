#include "service/accounts/token_service.hpp"

#include <algorithm>

#include "auth/token_codec.hpp"
#include "changes/ops.hpp"
#include "domain/schema/environment.hpp"
#include "domain/schema/fields.hpp"
#include "service/accounts/authenticator.hpp"
#include "service/accounts/signing_keys.hpp"
#include "service/accounts/submit_write.hpp"

namespace togglecast::service {
namespace {

using domain::Client;
using domain::SubjectKind;
using domain::TokenRecord;

constexpr std::size_t kJtiBytes = 15;

struct IssueFields {
  std::string label;
  std::optional<std::int64_t> expires_in;  // seconds
  std::optional<UnixMillis> expires_at;
  bool never = false;
};

Result<IssueFields> read_issue(const json::value& body, const TokenOptions& options) {
  domain::FieldReader in(body);
  IssueFields fields;
  fields.label = in.text("label", domain::kMaxName).value_or("");
  fields.never = json::string_or_empty(body, "expires_in") == "never";
  if (fields.never) {
    std::ignore = in.any("expires_in");
  } else {
    fields.expires_in = in.integer(
        "expires_in", 1, std::chrono::duration_cast<std::chrono::seconds>(options.longest_lifetime).count());
  }
  fields.expires_at = in.time("expires_at");
  if ((fields.expires_in || fields.never) && fields.expires_at)
    in.refuse("expires_at", "cannot be combined with expires_in; send one of them");
  return in.finish(std::move(fields));
}

// Whole seconds, as tokens carry them.
UnixMillis in_whole_seconds(UnixMillis time) { return {time.value / 1'000 * 1'000}; }

Result<UnixMillis> expiry(const IssueFields& fields, const TokenOptions& options, UnixMillis now) {
  if (fields.never) return domain::kNeverExpires;
  if (!fields.expires_at) {
    const auto lifetime = fields.expires_in ? std::chrono::seconds(*fields.expires_in)
                                            : std::chrono::seconds(options.default_lifetime);
    return in_whole_seconds({now.value + std::chrono::milliseconds(lifetime).count()});
  }
  const UnixMillis at = in_whole_seconds(*fields.expires_at);
  if (at <= now) return fail_field("/expires_at", "must be in the future");
  if (at.value - now.value > std::chrono::milliseconds(options.longest_lifetime).count())
    return fail_field(
        "/expires_at",
        "must be at most " + std::to_string(options.longest_lifetime.count() / 24) + " days in the future");
  return at;
}

bool is_valid(const TokenRecord& record, const domain::Snapshot& state, UnixMillis now) {
  Principal holder;
  holder.kind = record.subject_kind == SubjectKind::admin ? Principal::Kind::admin : Principal::Kind::client;
  holder.token_id = record.id;
  return Authenticator::recheck(holder, state, now).has_value();
}

// When the token ceases to be valid.
UnixMillis end_of(const TokenRecord& token) {
  return token.revoked_at ? std::min(*token.revoked_at, token.expires_at) : token.expires_at;
}

}  // namespace

std::string new_jti(RandomSource& random) { return random_token(random, kJtiBytes); }

Result<void> add_token(changes::Draft& draft, TokenRecord record, const TokenOptions& options,
                       WhenFull when_full, const domain::Snapshot& system, changes::WriteContext& context) {
  using Record = std::shared_ptr<const TokenRecord>;
  std::vector<Record> alive;
  std::vector<Record> dead;
  for (const auto& token : context.state().tokens_of(record.subject_kind, record.subject_id))
    (is_living(*token, context.state(), system, context.at()) ? alive : dead).push_back(token);
  std::stable_sort(dead.begin(), dead.end(),
                   [](const Record& a, const Record& b) { return end_of(*a) > end_of(*b); });
  for (std::size_t i = 0; i < dead.size(); ++i) {
    const auto dead_for = context.at().value - end_of(*dead[i]).value;
    if (i >= options.per_subject || dead_for >= std::chrono::milliseconds(options.keep_dead).count())
      draft.ops.push_back(changes::delete_op(*dead[i]));
  }
  if (alive.size() >= options.per_subject) {
    if (when_full == WhenFull::refuse)
      return fail(Errc::conflict,
                  "there are already " + std::to_string(alive.size()) + " valid tokens; revoke one first");
    const std::size_t surplus = alive.size() - options.per_subject + 1;
    for (std::size_t i = 0; i < surplus; ++i) draft.ops.push_back(changes::delete_op(*alive[i]));
  }
  const auto id = context.next_id(TokenRecord::kKind);
  if (!id) return tl::unexpected(id.error());
  draft.kind = TokenRecord::kKind;
  draft.id = *id;
  draft.ops.push_back(changes::create_op(record, *id, context));
  return {};
}

Result<void> check_replayed(const TokenRecord& record, const domain::Snapshot& state,
                            const domain::Snapshot& system, UnixMillis now) {
  if (is_valid(record, state, now) && is_living(record, state, system, now)) return {};
  return fail(Errc::conflict,
              "an earlier request with this Idempotency-Key got a token that is no longer valid; use a new "
              "key to get a new token");
}

Result<IssuedToken> sign_written(const auth::KeyRing& keys, const changes::Written& written,
                                 const domain::Snapshot& state, const domain::Snapshot& system,
                                 UnixMillis now) {
  const auto record = TokenRecord::from_json(written.body);
  if (!record) return tl::unexpected(record.error());
  if (written.replayed)
    if (auto valid = check_replayed(*record, state, system, now); !valid)
      return tl::unexpected(valid.error());
  // By the key of that time, so that the record tells which key signed.
  return IssuedToken{written.body,
                     auth::sign_token(*keys.current(record->created_at), auth::claims_of(*record)),
                     written.revision, written.epoch, written.replayed};
}

void TokenService::issue(const Principal& who, domain::Id client, const json::value& body,
                         const WriteOptions& options, IssueDone done) {
  if (auto allowed = require(who, auth::Action::manage_tokens); !allowed)
    return done(tl::unexpected(allowed.error()));
  auto fields = read_issue(body, options_);
  if (!fields) return done(tl::unexpected(fields.error()));
  changes::Build build = [this, client, fields = std::move(*fields), environment = who.environment,
                          jti = new_jti(random_)](changes::WriteContext& context) -> Result<changes::Draft> {
    if (const auto found = changes::subject<Client>(context, client, {}); !found)
      return tl::unexpected(found.error());
    const auto expires_at = expiry(fields, options_, context.at());
    if (!expires_at) return tl::unexpected(expires_at.error());
    TokenRecord record;
    record.subject_kind = SubjectKind::client;
    record.subject_id = client;
    record.environment = environment;
    record.jti = jti;
    record.label = fields.label;
    record.expires_at = *expires_at;
    changes::Draft draft;
    const auto system = model_.current(domain::kSystemEnvironment);
    if (auto added = add_token(draft, std::move(record), options_, WhenFull::refuse, *system, context);
        !added)
      return tl::unexpected(added.error());
    return draft;
  };
  submit_write(
      committer_, who, auth::Action::manage_tokens, options, "token issue " + std::to_string(client), body,
      std::move(build),
      [this, environment = who.environment, done = std::move(done)](Result<changes::Written> written) {
        if (!written) return done(tl::unexpected(written.error()));
        const auto state = model_.current(environment);
        const auto system = model_.current(domain::kSystemEnvironment);
        done(sign_written(keys_, *written, *state, *system, clock_.wall_now()));
      });
}

Result<std::vector<std::shared_ptr<const TokenRecord>>> TokenService::list(const Principal& who,
                                                                           domain::Id client) const {
  if (auto allowed = require(who, auth::Action::read_tokens); !allowed)
    return tl::unexpected(allowed.error());
  const auto snapshot = model_.current(who.environment);
  if (snapshot->find<Client>(client) == nullptr)
    return fail(Errc::not_found, "there is no client " + std::to_string(client));
  return snapshot->tokens_of(SubjectKind::client, client);
}

Result<Page<TokenRecord>> TokenService::page(const Principal& who, domain::Id client,
                                             const PageQuery& query) const {
  if (auto allowed = require(who, auth::Action::read_tokens); !allowed)
    return tl::unexpected(allowed.error());
  const auto snapshot = model_.current(who.environment);
  if (snapshot->find<Client>(client) == nullptr)
    return fail(Errc::not_found, "there is no client " + std::to_string(client));
  PageQuery of_client = query;
  of_client.filters = {{"client", std::to_string(client)}};
  return page_from<TokenRecord>(snapshot, list_identity(*snapshot, TokenRecord::kKind, of_client), query,
                                [&](const auto& visit) {
                                  for (const auto& token : snapshot->tokens_of(SubjectKind::client, client))
                                    visit(token);
                                });
}

void TokenService::revoke(const Principal& who, domain::Id token, const WriteOptions& options,
                          changes::Done done) {
  changes::Build build =
      [token, if_match = options.if_match](changes::WriteContext& context) -> Result<changes::Draft> {
    const auto before = changes::subject<TokenRecord>(context, token, if_match);
    if (!before) return tl::unexpected(before.error());
    TokenRecord after = **before;
    if (!after.revoked_at) after.revoked_at = context.at();
    return changes::draft_about(**before, changes::update_op(**before, std::move(after), context));
  };
  submit_write(committer_, who, auth::Action::manage_tokens, options, "token revoke " + std::to_string(token),
               nullptr, std::move(build), std::move(done));
}

}  // namespace togglecast::service
