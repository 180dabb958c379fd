#include "service/api_keys/api_key_service.hpp"

#include "base/digest.hpp"
#include "changes/ops.hpp"
#include "domain/entities/asset.hpp"
#include "domain/schema/address_range.hpp"
#include "domain/schema/environment.hpp"
#include "domain/schema/fields.hpp"
#include "domain/schema/sent_back.hpp"
#include "service/accounts/submit_write.hpp"

namespace togglecast::service {
namespace {

using domain::ApiKey;
using domain::FieldReader;

constexpr std::size_t kMaxApiKeys = 1'000;
constexpr std::size_t kShownCharacters = 10;  // of a key: its mark, and 36 of its 256 bits
constexpr std::int64_t kLongestApiKey = std::int64_t{10} * 365 * 24 * 3'600;  // seconds

Principal keeper(Principal who) {
  who.environment = domain::kSystemEnvironment;
  return who;
}

std::optional<domain::Scopes> read_scopes(FieldReader& in) {
  const auto* sent = in.array("scopes", domain::kAllScopes.size());
  if (sent == nullptr) return std::nullopt;
  domain::Scopes scopes;
  for (const auto& one : *sent) {
    const auto* text = one.if_string();
    const auto scope = text == nullptr ? std::nullopt : domain::parse_scope(*text);
    if (scope) {
      scopes.add(*scope);
      continue;
    }
    std::string known;
    for (const domain::Scope name : domain::kAllScopes)
      known.append(known.empty() ? "" : ", ").append(to_string(name));
    in.refuse("scopes", "may contain " + known);
    return std::nullopt;
  }
  if (scopes.empty()) in.refuse("scopes", "must name at least one scope");
  return scopes;
}

std::optional<std::vector<std::string>> read_addresses(FieldReader& in) {
  const auto* sent = in.array("addresses", domain::kMaxApiKeyRanges);
  if (sent == nullptr) return std::nullopt;
  std::vector<std::string> ranges;
  for (const auto& one : *sent) {
    const auto* text = one.if_string();
    if (text == nullptr || !domain::AddressRange::parse(*text)) {
      in.refuse("addresses",
                "must contain addresses or ranges, such as 192.0.2.7, 10.0.0.0/8 or 2001:db8::/32");
      return std::nullopt;
    }
    ranges.emplace_back(*text);
  }
  return ranges;
}

// What a request says about a key.
struct ApiKeyFields {
  std::optional<std::string> name;
  std::optional<domain::Scopes> scopes;
  std::optional<std::vector<std::string>> addresses;
  bool names_end = false;  // `expires_at`, null included
  std::optional<UnixMillis> expires_at;
  std::optional<std::int64_t> expires_in;
  std::optional<bool> active;
};

ApiKeyFields read_fields(FieldReader& in, const json::value& body) {
  ApiKeyFields fields;
  fields.name = in.line("name", domain::kMaxName);
  fields.scopes = read_scopes(in);
  fields.addresses = read_addresses(in);
  fields.names_end = json::find(body, "expires_at") != nullptr;
  if (in.has_value("expires_at")) fields.expires_at = in.time("expires_at");
  fields.active = in.boolean("active");
  return fields;
}

Result<void> assign_to(ApiKey& key, const ApiKeyFields& fields, UnixMillis now) {
  if (fields.name) key.name = *fields.name;
  if (fields.scopes) key.scopes = *fields.scopes;
  if (fields.addresses) key.addresses = *fields.addresses;
  if (fields.active) key.active = *fields.active;
  if (fields.expires_in) key.expires_at = UnixMillis{now.value + *fields.expires_in * 1'000};
  if (!fields.names_end) return {};
  if (fields.expires_at && key.expires_at != fields.expires_at && *fields.expires_at <= now)
    return fail_field("/expires_at", "must be in the future");
  key.expires_at = fields.expires_at;
  return {};
}

}  // namespace

Result<Page<ApiKey>> ApiKeyService::list(const Principal& who, const PageQuery& query) const {
  if (auto allowed = require(who, auth::Action::manage_api_keys); !allowed)
    return tl::unexpected(allowed.error());
  return page_of<ApiKey>(model_.current(domain::kSystemEnvironment), query);
}

Result<std::shared_ptr<const ApiKey>> ApiKeyService::find(const Principal& who, domain::Id key) const {
  if (auto allowed = require(who, auth::Action::manage_api_keys); !allowed)
    return tl::unexpected(allowed.error());
  auto found = model_.current(domain::kSystemEnvironment)->find<ApiKey>(key);
  if (found == nullptr) return fail(Errc::not_found, "there is no API key " + std::to_string(key));
  return found;
}

void ApiKeyService::create(const Principal& who, const json::value& body, const WriteOptions& options,
                           MadeApiKeyDone done) {
  if (auto allowed = require(who, auth::Action::manage_api_keys); !allowed)
    return done(tl::unexpected(allowed.error()));
  FieldReader in(body);
  ApiKeyFields fields = read_fields(in, body);
  fields.expires_in = in.integer("expires_in", 1, kLongestApiKey);
  if (fields.expires_in && fields.names_end)
    in.refuse("expires_at", "cannot be combined with expires_in; send one of them");
  const std::string environment = in.key("environment").value_or(who.environment);
  if (environment == domain::kSystemEnvironment || model_.current(environment) == nullptr)
    in.refuse("environment", "is not the key of an environment");
  in.require({"name", "scopes"});
  if (auto ok = in.finish(); !ok) return done(tl::unexpected(ok.error()));

  const Secret text(std::string(domain::kApiKeyMark) + random_token(random_, domain::kApiKeyBytes));
  ApiKey key;
  key.sha256 = domain::hex(sha256(text.reveal()));
  key.prefix = text.reveal().substr(0, kShownCharacters);
  key.environment = environment;
  changes::Build build = [key, fields](changes::WriteContext& context) -> Result<changes::Draft> {
    if (context.state().table<ApiKey>().by_id.size() >= kMaxApiKeys)
      return fail(Errc::conflict,
                  "there may be at most " + std::to_string(kMaxApiKeys) + " API keys; delete one first");
    ApiKey made = key;
    if (auto ok = assign_to(made, fields, context.at()); !ok) return tl::unexpected(ok.error());
    const auto id = context.next_id(ApiKey::kKind);
    if (!id) return tl::unexpected(id.error());
    return changes::Draft{ApiKey::kKind, *id, {changes::create_op(made, *id, context)}, {}};
  };
  submit_write(committer_, keeper(who), auth::Action::manage_api_keys, options, "api key create", body,
               std::move(build), [text, done = std::move(done)](Result<changes::Written> written) {
                 if (!written) return done(tl::unexpected(written.error()));
                 if (written->replayed)
                   return done(fail(Errc::conflict,
                                    "an earlier request with this Idempotency-Key made the API key " +
                                        std::to_string(written->id) +
                                        ", whose text was shown then and is not stored; delete that key, and "
                                        "make another one with a new Idempotency-Key"));
                 done(MadeApiKey{written->body, text, written->epoch});
               });
}

void ApiKeyService::update(const Principal& who, domain::Id key, const json::value& body,
                           const WriteOptions& options, changes::Done done) {
  changes::Build build =
      [key, body, if_match = options.if_match](changes::WriteContext& context) -> Result<changes::Draft> {
    const auto before = changes::subject<ApiKey>(context, key, if_match);
    if (!before) return tl::unexpected(before.error());
    const auto changed = domain::without_unchanged(to_json(**before), context.state().head().epoch, body);
    if (!changed) return tl::unexpected(changed.error());
    FieldReader in(*changed);
    const ApiKeyFields fields = read_fields(in, *changed);
    in.deny({"environment"}, "cannot be changed; make another key");
    in.deny({"id", "sha256", "prefix", "created_at"}, "is set by the server");
    if (auto ok = in.finish(); !ok) return tl::unexpected(ok.error());
    ApiKey after = **before;
    if (auto ok = assign_to(after, fields, context.at()); !ok) return tl::unexpected(ok.error());
    return changes::draft_about(**before, changes::update_op(**before, std::move(after), context));
  };
  submit_write(committer_, keeper(who), auth::Action::manage_api_keys, options,
               "api key update " + std::to_string(key), body, std::move(build), std::move(done));
}

void ApiKeyService::remove(const Principal& who, domain::Id key, const WriteOptions& options,
                           changes::Done done) {
  changes::Build build =
      [key, if_match = options.if_match](changes::WriteContext& context) -> Result<changes::Draft> {
    const auto before = changes::subject<ApiKey>(context, key, if_match);
    if (!before) return tl::unexpected(before.error());
    return changes::Draft{ApiKey::kKind, key, {changes::delete_op(**before)}, {}};
  };
  submit_write(committer_, keeper(who), auth::Action::manage_api_keys, options,
               "api key delete " + std::to_string(key), nullptr, std::move(build), std::move(done));
}

}  // namespace togglecast::service
