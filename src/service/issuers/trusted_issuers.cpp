#include "service/issuers/trusted_issuers.hpp"

#include <algorithm>
#include <charconv>
#include <fstream>
#include <iterator>
#include <utility>

#include "base/base64.hpp"
#include "domain/schema/environment.hpp"

namespace togglecast::service {
namespace {

using domain::Issuer;
using domain::KeySource;
using std::chrono::seconds;

constexpr seconds kLeastFresh{60};
constexpr seconds kMostFresh{24 * 3'600};
constexpr seconds kUsuallyFresh{300};
constexpr seconds kFileFresh{10};
constexpr seconds kFirstPause{5};
constexpr seconds kLongestPause{300};
constexpr Milliseconds kLongestSleep{60'000};
constexpr std::size_t kMostWaiting = 10'000;

tl::unexpected<Error> not_trusted(const std::string& why) {
  return fail(Errc::token_invalid, "the token is not valid: " + why);
}

// How long an answer is fresh: `Cache-Control: max-age=600` (RFC 9111), within our bounds.
seconds freshness_of(const egress::Response& answer) {
  const std::string_view control = answer.header("Cache-Control");
  if (control.find("no-store") != std::string_view::npos ||
      control.find("no-cache") != std::string_view::npos)
    return kLeastFresh;
  constexpr std::string_view kName = "max-age=";
  const std::size_t at = control.find(kName);
  std::int64_t age = kUsuallyFresh.count();
  if (at != std::string_view::npos) {
    const std::string_view digits = control.substr(at + kName.size());
    std::from_chars(digits.data(), digits.data() + digits.size(), age);
  }
  return std::clamp(seconds{age}, kLeastFresh, kMostFresh);
}

bool has_key(const auth::KeySet& keys, const std::string& thumbprint) {
  return std::any_of(keys.keys().begin(), keys.keys().end(),
                     [&thumbprint](const auto& key) { return key->thumbprint() == thumbprint; });
}

bool lacks_one_of(const auth::KeySet& now, const auth::KeySet& before) {
  return std::any_of(before.keys().begin(), before.keys().end(),
                     [&now](const auto& key) { return !has_key(now, key->thumbprint()); });
}

}  // namespace

// The keys of one issuer, as they come from its entity, a URL or a file.
struct TrustedIssuers::Source {
  KeySource kind = KeySource::jwks;
  std::string text;   // of the entity
  std::string owner;  // key of the issuer, for people
  std::shared_ptr<const auth::KeySet> keys;
  std::string trouble;  // why the last look failed
  std::optional<TimePoint> asked_at;
  bool asking = false;
  bool wanted = true;  // somebody waits, or nobody has looked yet
  bool dropped = false;
  TimePoint next{};
  std::optional<TimePoint> good_until;
  UnixMillis fetched_at{};
  unsigned failures = 0;
  Calls waiting;

  [[nodiscard]] bool is_remote() const noexcept {
    return kind == KeySource::jwks_url || kind == KeySource::jwks_file;
  }
};

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

std::shared_ptr<TrustedIssuers::Source> TrustedIssuers::make_source(const Issuer& issuer) {
  auto source = std::make_shared<Source>();
  source->kind = issuer.source;
  source->text = issuer.keys;
  source->owner = issuer.key;
  if (source->is_remote()) return source;
  source->wanted = false;
  source->fetched_at = issuer.updated_at;
  auto keys = issuer.source == KeySource::pem
                  ? auth::PublicKey::from_pem({}, issuer.keys).map([](auth::PublicKey key) {
                      return auth::KeySet::of(std::move(key));
                    })
                  : auth::KeySet::parse_jwks(issuer.keys);
  if (keys) {
    source->keys = std::make_shared<const auth::KeySet>(*std::move(keys));
  } else {
    source->trouble = keys.error().message;
    log_.error("the keys of an issuer cannot be read", {{"issuer", issuer.key}, {"reason", source->trouble}});
  }
  return source;
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
  {
    const std::scoped_lock lock(mutex_);
    const auto entry = issuer_of(*jws);
    if (!entry) return tl::unexpected(entry.error());
    issuer = (*entry)->issuer;
    const Source& source = *(*entry)->source;
    const bool stale = source.good_until && clock_.now() >= *source.good_until;
    if (source.keys == nullptr || stale) {
      Error away{
          Errc::unavailable, "the keys of the token's issuer cannot be had at the moment; try again", {}};
      away.retry_after_seconds = static_cast<std::uint32_t>(kFirstPause.count());
      return tl::unexpected(std::move(away));
    }
    keys = source.keys;
  }
  const auto algorithm = auth::parse_public_algorithm(jws->alg);
  if (!algorithm || std::find(issuer->algorithms.begin(), issuer->algorithms.end(),
                              auth::to_string(*algorithm)) == issuer->algorithms.end())
    return not_trusted("its issuer does not sign by " + jws->alg);
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

std::optional<json::object> TrustedIssuers::describe_keys(domain::Id issuer) const {
  const std::scoped_lock lock(mutex_);
  const Entry* entry = entry_of(issuer);
  if (entry == nullptr) return std::nullopt;
  const Source& source = *entry->source;
  json::array keys;
  if (source.keys != nullptr)
    for (const auto& key : source.keys->keys())
      keys.emplace_back(json::object{{"kid", key->kid()}, {"alg", auth::to_string(key->algorithm())}});
  const bool fetched = source.fetched_at.value != 0;
  return json::object{
      {"source", to_string(source.kind)},
      {"keys", std::move(keys)},
      {"fetched_at", fetched ? json::value(to_iso8601(source.fetched_at)) : json::value(nullptr)},
      {"error", source.trouble.empty() ? json::value(nullptr) : json::value(source.trouble)}};
}

void TrustedIssuers::run() {
  std::unique_lock lock(mutex_);
  while (!stopping_) {
    look_ = false;
    lock.unlock();
    look();
    lock.lock();
    Milliseconds sleep = kLongestSleep;
    for (const Entry& one : entries_)
      if (one.source->is_remote() && !one.source->asking && one.issuer->active)
        sleep = std::min(sleep, std::chrono::ceil<Milliseconds>(one.source->next - clock_.now()));
    wake_.wait_for(lock, std::max(sleep, Milliseconds{10}), [this] { return stopping_ || look_; });
  }
}

void TrustedIssuers::look() {
  std::vector<std::shared_ptr<Source>> due;
  {
    const std::scoped_lock lock(mutex_);
    const TimePoint now = clock_.now();
    for (const Entry& one : entries_) {
      Source& source = *one.source;
      if (!source.is_remote() || source.asking || stopping_) continue;
      if (!source.wanted && (!one.issuer->active || now < source.next)) continue;
      source.asking = true;
      source.wanted = false;
      source.asked_at = now;
      due.push_back(one.source);
    }
  }
  for (const auto& source : due) ask(source);
}

void TrustedIssuers::ask(const std::shared_ptr<Source>& source) {
  if (source->kind == KeySource::jwks_file) return take(source, read_file(source->text), kFileFresh);
  egress_.fetch({.url = source->text,
                 .headers = {{"Accept", "application/jwk-set+json, application/json"}},
                 .purpose = egress::Purpose::jwks},
                [this, source](const Result<egress::Response>& answer) {
                  constexpr int kOk = 200;
                  if (!answer) return take(source, tl::unexpected(answer.error()), {});
                  if (answer->status != kOk)
                    return take(source,
                                fail(Errc::unavailable, "it answered " + std::to_string(answer->status)), {});
                  take(source, auth::KeySet::parse_jwks(answer->body), freshness_of(*answer));
                });
}

void TrustedIssuers::take(const std::shared_ptr<Source>& source, const Result<auth::KeySet>& keys,
                          seconds fresh) {
  Calls waiting;
  bool withdrawn = false;
  {
    const std::scoped_lock lock(mutex_);
    const TimePoint now = clock_.now();
    source->asking = false;
    if (keys) {
      withdrawn = source->keys != nullptr && lacks_one_of(*keys, *source->keys);
      source->keys = std::make_shared<const auth::KeySet>(*keys);
      if (source->failures > 0)
        log_.info("the keys of an issuer were read again", {{"issuer", source->owner}});
      source->trouble.clear();
      source->failures = 0;
      source->fetched_at = clock_.wall_now();
      source->next = now + jitter_.later(fresh);
      source->good_until = now + std::max<TimePoint::duration>(options_.stale_keys, fresh);
    } else {
      if (source->failures++ == 0)
        log_.warn("the keys of an issuer could not be read; the last ones count meanwhile",
                  {{"issuer", source->owner}, {"reason", keys.error().message}});
      source->trouble = keys.error().message;
      constexpr unsigned kMostDoublings = 6;
      const auto pause = kFirstPause * (1U << std::min(source->failures - 1, kMostDoublings));
      source->next = now + jitter_.later(std::min<seconds>(pause, kLongestPause));
    }
    waiting.swap(source->waiting);
    withdrawn = withdrawn && !source->dropped;
    look_ = true;
  }
  wake_.notify_all();
  for (const auto& call : waiting) call();
  if (withdrawn) tell_withdrawn();
}

Result<auth::KeySet> TrustedIssuers::read_file(const std::string& name) const {
  const auth::KeySetLimits limits;
  if (options_.key_folder.empty())
    return fail(Errc::invalid_argument, "this server has no folder of keys (--issuer-keys)");
  std::ifstream file(options_.key_folder / name, std::ios::binary);
  std::string text(limits.bytes + 1, '\0');
  file.read(text.data(), static_cast<std::streamsize>(text.size()));
  text.resize(static_cast<std::size_t>(std::max<std::streamsize>(0, file.gcount())));
  if (text.empty()) return fail(Errc::unavailable, "the file " + name + " cannot be read, or is empty");
  return auth::KeySet::parse_jwks(text, limits);
}

}  // namespace togglecast::service
