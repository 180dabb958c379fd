#include "service/accounts/issuer_service.hpp"

#include <algorithm>
#include <string>
#include <utility>

#include "auth/public_key.hpp"
#include "changes/ops.hpp"
#include "domain/schema/environment.hpp"
#include "domain/schema/sent_back.hpp"
#include "service/accounts/submit_write.hpp"

namespace togglecast::service {
namespace {

using domain::Issuer;
using domain::KeySource;

Principal of_installation(Principal who) {
  who.environment = domain::kSystemEnvironment;
  return who;
}

// A name in the folder, and no way out of it.
bool is_file_name(std::string_view name) {
  return !name.empty() && name.size() <= domain::kMaxName && name.front() != '.' &&
         std::all_of(name.begin(), name.end(), [](char c) {
           return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' ||
                  c == '_' || c == '-';
         });
}

bool share_an_audience(const Issuer& a, const Issuer& b) {
  return std::any_of(a.audiences.begin(), a.audiences.end(), [&b](const std::string& audience) {
    return std::find(b.audiences.begin(), b.audiences.end(), audience) != b.audiences.end();
  });
}

}  // namespace

Result<void> IssuerService::check_keys(const Issuer& issuer) const {
  const std::string place = "/keys/" + std::string(to_string(issuer.source));
  switch (issuer.source) {
    case KeySource::jwks:
      if (const auto set = auth::KeySet::parse_jwks(issuer.keys); !set)
        return fail_field(place, set.error().message);
      return {};
    case KeySource::pem:
      if (const auto key = auth::PublicKey::from_pem({}, issuer.keys); !key)
        return fail_field(place, key.error().message);
      return {};
    case KeySource::jwks_url:
      if (const auto allowed = egress_.check_url(issuer.keys); !allowed)
        return fail_field(place, allowed.error().message);
      return {};
    case KeySource::jwks_file:
      if (key_folder_.empty())
        return fail_field(place, "needs a server that was started with --issuer-keys <folder>");
      if (!is_file_name(issuer.keys))
        return fail_field(
            place, "must be the name of a file in the folder of --issuer-keys: letters, digits, . _ -");
      return {};
  }
  return {};
}

Result<void> IssuerService::check_beside_others(const changes::WriteContext& context,
                                                const Issuer& issuer) const {
  if (issuer.environment == domain::kSystemEnvironment || model_.current(issuer.environment) == nullptr)
    return fail_field("/environment", "is not known");
  Result<void> outcome;
  context.state().table<Issuer>().by_id.for_each([&](domain::Id id,
                                                     const std::shared_ptr<const Issuer>& other) {
    if (id == issuer.id || other->issuer != issuer.issuer || !share_an_audience(*other, issuer)) return;
    outcome = fail(Errc::conflict, "issuer '" + other->key +
                                       "' has the same name in tokens and shares an audience: a token would "
                                       "belong to two environments");
  });
  return outcome;
}

Result<Page<Issuer>> IssuerService::list(const Principal& who, const PageQuery& query) const {
  if (auto allowed = require(who, auth::Action::manage_issuers); !allowed)
    return tl::unexpected(allowed.error());
  return page_of<Issuer>(model_.current(domain::kSystemEnvironment), query);
}

Result<std::shared_ptr<const Issuer>> IssuerService::find(const Principal& who, domain::Id id) const {
  if (auto allowed = require(who, auth::Action::manage_issuers); !allowed)
    return tl::unexpected(allowed.error());
  auto found = model_.current(domain::kSystemEnvironment)->find<Issuer>(id);
  if (found == nullptr) return fail(Errc::not_found, "there is no issuer " + std::to_string(id));
  return found;
}

Result<json::object> IssuerService::keys(const Principal& who, domain::Id id) const {
  if (const auto found = find(who, id); !found) return tl::unexpected(found.error());
  auto keys = trusted_.describe_keys(id);
  if (!keys) return fail(Errc::not_found, "there is no issuer " + std::to_string(id));
  return *std::move(keys);
}

void IssuerService::create(const Principal& who, const json::value& body, const WriteOptions& options,
                           changes::Done done) {
  if (auto allowed = require(who, auth::Action::manage_issuers); !allowed)
    return done(tl::unexpected(allowed.error()));
  auto issuer = Issuer::read_new(domain::without_stamps(body));
  if (!issuer) return done(tl::unexpected(issuer.error()));
  if (auto good = check_keys(*issuer); !good) return done(tl::unexpected(good.error()));
  changes::Build build =
      [this, issuer = *std::move(issuer)](changes::WriteContext& context) -> Result<changes::Draft> {
    const auto& table = context.state().table<Issuer>();
    if (const std::string taken = table.key_like(issuer.key); !taken.empty()) {
      Error error{Errc::already_exists, "there is already an issuer '" + taken + "'", {}};
      error.details.push_back({"/key", "is taken"});
      return tl::unexpected(std::move(error));
    }
    if (table.by_id.size() >= kMaxIssuers)
      return fail(Errc::conflict,
                  "there may be at most " + std::to_string(kMaxIssuers) + " issuers; delete one first");
    if (auto ok = check_beside_others(context, issuer); !ok) return tl::unexpected(ok.error());
    const auto id = context.next_id(Issuer::kKind);
    if (!id) return tl::unexpected(id.error());
    Issuer made = issuer;
    return changes::Draft{Issuer::kKind, *id, {changes::create_op(made, *id, context)}, {}};
  };
  submit_write(committer_, of_installation(who), auth::Action::manage_issuers, options, "issuer create", body,
               std::move(build), std::move(done));
}

void IssuerService::update(const Principal& who, domain::Id id, const json::value& body,
                           const WriteOptions& options, changes::Done done) {
  changes::Build build = [this, id, body, if_match = options.if_match](
                             changes::WriteContext& context) -> Result<changes::Draft> {
    const auto before = changes::subject<Issuer>(context, id, if_match);
    if (!before) return tl::unexpected(before.error());
    const json::object was = to_json(**before);
    json::value sent = body;
    for (const std::string_view name : {"issuer", "environment"})  // sent back as they were
      if (auto* members = sent.if_object(); members != nullptr && members->contains(name))
        if (members->at(name) == was.at(name)) members->erase(name);
    const auto changed = domain::without_unchanged(was, context.state().head().epoch, std::move(sent));
    if (!changed) return tl::unexpected(changed.error());
    auto after = domain::patched(**before, *changed);
    if (!after) return tl::unexpected(after.error());
    if (after->keys != (*before)->keys || after->source != (*before)->source) {
      if (auto good = check_keys(*after); !good) return tl::unexpected(good.error());
    }
    if (auto ok = check_beside_others(context, *after); !ok) return tl::unexpected(ok.error());
    return changes::draft_about(**before, changes::update_op(**before, *std::move(after), context));
  };
  submit_write(committer_, of_installation(who), auth::Action::manage_issuers, options,
               "issuer update " + std::to_string(id), body, std::move(build), std::move(done));
}

void IssuerService::remove(const Principal& who, domain::Id id, const WriteOptions& options,
                           changes::Done done) {
  changes::Build build =
      [id, if_match = options.if_match](changes::WriteContext& context) -> Result<changes::Draft> {
    const auto before = changes::subject<Issuer>(context, id, if_match);
    if (!before) return tl::unexpected(before.error());
    return changes::draft_about(**before, changes::delete_op(**before));
  };
  submit_write(committer_, of_installation(who), auth::Action::manage_issuers, options,
               "issuer delete " + std::to_string(id), nullptr, std::move(build), std::move(done));
}

}  // namespace togglecast::service
