#include "service/issuers/trusted_issuers.hpp"

#include <algorithm>
#include <iterator>
#include <utility>

#include "base/base64.hpp"
#include "domain/schema/environment.hpp"
#include "service/issuers/key_source.hpp"

namespace togglecast::service {
namespace {

using domain::Issuer;

constexpr std::size_t kMostWaiting = 10'000;
constexpr std::chrono::seconds kComeAgain{5};

tl::unexpected<Error> not_trusted(const std::string& why) {
  return fail(Errc::token_invalid, "the token is not valid: " + why);
}

tl::unexpected<Error> keys_are_away() {
  Error away{Errc::unavailable, "the keys of the token's issuer cannot be had at the moment; try again", {}};
  away.retry_after = kComeAgain;
  return tl::unexpected(std::move(away));
}

}  // namespace

TrustedIssuers::TrustedIssuers(const changes::ReadModel& model, egress::Client& egress, const Clock& clock,
                               observe::Log& log, TrustedIssuersOptions options)
    : model_(model),
      egress_(egress),
      clock_(clock),
      log_(log),
      options_(std::move(options)),
      jitter_(clock.jitter_seed()) {}

void TrustedIssuers::follow(changes::ChangeFeed& feed) {
  heard_ = feed.subscribe(
      [this](const changes::CommitPtr& commit) {
        if (commit->row.environment != domain::kSystemEnvironment) return;
        const auto& ops = commit->row.change.ops;
        if (std::any_of(ops.begin(), ops.end(),
                        [](const domain::Op& op) { return op.entity == domain::Kind::issuer; }))
          rebuild(*commit->after);
      },
      [this](const domain::SnapshotPtr& first) {
        if (first->environment() == domain::kSystemEnvironment) rebuild(*first);
      });
  if (const auto system = model_.current(domain::kSystemEnvironment)) rebuild(*system);
}

void TrustedIssuers::stop() {
  heard_.reset();
  {
    const std::scoped_lock lock(mutex_);
    stopping_ = true;
    told_ = nullptr;
  }
  wake_.notify_all();
  if (thread_.joinable()) thread_.join();
  Calls waiting;
  {
    const std::scoped_lock lock(mutex_);
    for (const Entry& one : entries_)
      std::move(one.source->waiting.begin(), one.source->waiting.end(), std::back_inserter(waiting));
    for (const Entry& one : entries_) one.source->waiting.clear();
  }
  for (const auto& call : waiting) call();
}

void TrustedIssuers::rebuild(const domain::Snapshot& system) {
  Calls dropped;
  {
    const std::scoped_lock lock(mutex_);
    std::vector<Entry> next;
    bool remote = false;
    system.table<Issuer>().by_id.for_each([&](domain::Id id, const std::shared_ptr<const Issuer>& issuer) {
      const Entry* known = entry_of(id);
      const bool same =
          known != nullptr && known->source->kind == issuer->source && known->source->text == issuer->keys;
      next.push_back({issuer, same ? known->source : make_source(*issuer)});
      if (known != nullptr && !same) next.back().source->replaces = true;
      remote = remote || next.back().source->is_remote();
    });
    for (const Entry& old : entries_) {
      const bool stays = std::any_of(next.begin(), next.end(),
                                     [&old](const Entry& one) { return one.source == old.source; });
      if (stays) continue;
      old.source->dropped = true;
      std::move(old.source->waiting.begin(), old.source->waiting.end(), std::back_inserter(dropped));
      old.source->waiting.clear();
    }
    entries_ = std::move(next);
    look_ = true;
    if (remote && !thread_.joinable() && !stopping_) thread_ = std::thread([this] { run(); });
  }
  wake_.notify_all();
  for (const auto& call : dropped) call();
  tell_withdrawn();
}

const TrustedIssuers::Entry* TrustedIssuers::entry_of(domain::Id issuer) const {
  const auto found = std::find_if(entries_.begin(), entries_.end(),
                                  [issuer](const Entry& one) { return one.issuer->id == issuer; });
  return found == entries_.end() ? nullptr : &*found;
}

bool TrustedIssuers::is_foreign(std::string_view token) {
  const std::size_t first = token.find('.');
  const std::size_t second = first == std::string_view::npos ? first : token.find('.', first + 1);
  if (second == std::string_view::npos || token.size() > auth::kMaxJws) return false;
  const auto text = base64url_decode(token.substr(first + 1, second - first - 1));
  if (!text) return false;
  const auto claims = json::parse(*text, {.depth = 8});
  const std::string_view issuer = claims ? json::string_or_empty(*claims, "iss") : std::string_view();
  return !issuer.empty() && issuer != domain::kOwnIssuer;
}

Result<const TrustedIssuers::Entry*> TrustedIssuers::issuer_of(const auth::Jws& token) const {
  const std::string_view name = json::string_or_empty(token.claims, "iss");
  const auto audiences = audiences_of(token.claims);
  bool known = false;
  const Entry* found = nullptr;
  for (const Entry& one : entries_) {
    if (name.empty() || one.issuer->issuer != name || !one.issuer->active) continue;
    known = true;
    const auto& ours = one.issuer->audiences;
    const bool meant = std::any_of(ours.begin(), ours.end(), [&audiences](const std::string& audience) {
      return std::find(audiences.begin(), audiences.end(), audience) != audiences.end();
    });
    if (!meant) continue;
    if (found != nullptr) return not_trusted("its audiences are those of two environments");
    found = &one;
  }
  if (found == nullptr)
    return not_trusted(known ? "it was issued for another audience" : "its issuer is not known here");
  return found;
}

Result<IssuedClaims> TrustedIssuers::verify(std::string_view token) const {
  const auto jws = auth::read_jws(token);
  if (!jws) return tl::unexpected(jws.error());
  std::shared_ptr<const Issuer> issuer;
  std::shared_ptr<const auth::KeySet> keys;
  bool unread = false;
  {
    const std::scoped_lock lock(mutex_);
    const auto entry = issuer_of(*jws);
    if (!entry) return tl::unexpected(entry.error());
    issuer = (*entry)->issuer;
    const Source& source = *(*entry)->source;
    const bool stale = source.good_until && clock_.now() >= *source.good_until;
    if (source.keys == nullptr || stale) return keys_are_away();
    keys = source.keys;
    unread = source.failures > 0;
  }
  const auto algorithm = auth::parse_public_algorithm(jws->alg);
  if (!algorithm || std::find(issuer->algorithms.begin(), issuer->algorithms.end(),
                              auth::to_string(*algorithm)) == issuer->algorithms.end())
    return not_trusted("its issuer does not sign by " + jws->alg);
  // The provider may have made the key while it could not be asked.
  if (unread && keys->find(jws->alg, jws->kid) == nullptr) return keys_are_away();
  if (auto good = keys->verify(jws->alg, jws->kid, jws->signing_input, jws->signature); !good)
    return tl::unexpected(good.error());
  auto claims = read_token_claims(jws->claims, *issuer, options_.longest_token, clock_.wall_now());
  if (!claims) return tl::unexpected(claims.error());
  auto by = std::make_shared<const IssuedBy>(
      IssuedBy{issuer->id, keys->find(jws->alg, jws->kid)->thumbprint(), claims->issued_at});
  return IssuedClaims{std::move(by), issuer->environment, *std::move(claims)};
}

bool TrustedIssuers::is_unknown(std::string_view token) const {
  const auto jws = auth::read_jws(token);
  if (!jws) return false;
  const std::scoped_lock lock(mutex_);
  return !issuer_of(*jws).has_value();
}

bool TrustedIssuers::look_again(std::string_view token, std::function<void()> again) {
  const auto jws = auth::read_jws(token);
  if (!jws) return false;
  {
    const std::scoped_lock lock(mutex_);
    const auto entry = issuer_of(*jws);
    if (!entry || stopping_) return false;
    Source& source = *(*entry)->source;
    const bool stale = source.good_until && clock_.now() >= *source.good_until;
    if (!source.is_remote() || source.waiting.size() >= kMostWaiting) return false;
    if (!stale && source.keys != nullptr && source.keys->find(jws->alg, jws->kid) != nullptr) return false;
    const bool pending = source.asking || source.wanted;
    if (!pending && source.asked_at && clock_.now() - *source.asked_at < options_.look_interval) return false;
    source.waiting.push_back(std::move(again));
    source.wanted = source.wanted || !source.asking;
    look_ = true;
  }
  wake_.notify_all();
  return true;
}

bool TrustedIssuers::trusts(const IssuedBy& by) const {
  const std::scoped_lock lock(mutex_);
  const Entry* entry = entry_of(by.issuer);
  if (entry == nullptr || !entry->issuer->active) return false;
  const auto& keys = entry->source->keys;
  if (keys == nullptr) return true;  // not read yet: nothing was withdrawn
  return std::any_of(keys->keys().begin(), keys->keys().end(), [&](const auto& key) {
    const auto& allowed = entry->issuer->algorithms;
    return key->thumbprint() == by.key &&
           std::find(allowed.begin(), allowed.end(), auth::to_string(key->algorithm())) != allowed.end();
  });
}

void TrustedIssuers::on_withdrawn(std::function<void()> told) {
  const std::scoped_lock lock(mutex_);
  told_ = std::move(told);
}

// Under the lock, so that nobody is told who has ended by then. The listener only posts.
void TrustedIssuers::tell_withdrawn() {
  const std::scoped_lock lock(mutex_);
  if (told_) told_();
}

}  // namespace togglecast::service
