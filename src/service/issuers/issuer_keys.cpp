// Where the keys of trusted issuers come from. The rest of TrustedIssuers is in trusted_issuers.cpp.
#include <algorithm>
#include <charconv>
#include <fstream>
#include <utility>

#include "service/issuers/key_source.hpp"

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
constexpr seconds kKeptEvery{3'600};
constexpr Milliseconds kLongestSleep{60'000};

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

std::shared_ptr<TrustedIssuers::Source> TrustedIssuers::make_source(const Issuer& issuer) {
  auto source = std::make_shared<Source>();
  source->issuer = issuer.id;
  source->kind = issuer.source;
  source->text = issuer.keys;
  source->owner = issuer.key;
  if (source->is_remote()) {
    take_kept(*source);
    return source;
  }
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
                  take(source, auth::KeySet::parse_jwks(answer->body), freshness_of(*answer), answer->body);
                });
}

void TrustedIssuers::take(const std::shared_ptr<Source>& source, const Result<auth::KeySet>& keys,
                          seconds fresh, std::string_view text) {
  Calls waiting;
  std::optional<storage::Fetched> kept;
  bool withdrawn = false;
  {
    const std::scoped_lock lock(mutex_);
    const TimePoint now = clock_.now();
    source->asking = false;
    if (keys) {
      withdrawn = source->keys == nullptr ? source->replaces : lacks_one_of(*keys, *source->keys);
      source->keys = std::make_shared<const auth::KeySet>(*keys);
      if (source->failures > 0)
        log_.info("the keys of an issuer were read again", {{"issuer", source->owner}});
      source->trouble.clear();
      source->failures = 0;
      source->fetched_at = clock_.wall_now();
      source->next = now + jitter_.later(fresh);
      source->good_until = now + std::max<TimePoint::duration>(options_.stale_keys, fresh);
      kept = to_keep(*source, text);
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
  if (kept) keep_(*std::move(kept));
}

// Seldom, since each is a write: when the keys have changed, and once in a while so that their time is right.
std::optional<storage::Fetched> TrustedIssuers::to_keep(Source& source, std::string_view text) const {
  if (keep_ == nullptr || source.kind != KeySource::jwks_url || source.dropped) return std::nullopt;
  const Sha256 digest = sha256(text);
  const auto often = std::min<Milliseconds>(kKeptEvery, options_.stale_keys / 4);
  if (digest == source.kept && source.fetched_at.value - source.kept_at.value < often.count())
    return std::nullopt;
  source.kept = digest;
  source.kept_at = source.fetched_at;
  return storage::Fetched{
      {domain::Kind::issuer, source.issuer}, source.text, std::string(text), source.fetched_at};
}

// They count for as long as they would have without the restart.
void TrustedIssuers::take_kept(Source& source) const {
  const auto found = kept_.find(source.issuer);
  if (found == kept_.end() || source.kind != KeySource::jwks_url || found->second.source != source.text)
    return;
  const storage::Fetched& kept = found->second;
  const Milliseconds age{std::max<std::int64_t>(0, clock_.wall_now().value - kept.at.value)};
  auto keys = auth::KeySet::parse_jwks(kept.text);
  if (age >= options_.stale_keys || !keys) return;
  source.keys = std::make_shared<const auth::KeySet>(*std::move(keys));
  source.fetched_at = kept.at;
  source.good_until = clock_.now() + options_.stale_keys - age;
  source.kept = sha256(kept.text);
  source.kept_at = kept.at;
}

void TrustedIssuers::remember(std::vector<storage::Fetched> kept, Keep keep) {
  const std::scoped_lock lock(mutex_);
  for (storage::Fetched& one : kept)
    if (one.of.kind == domain::Kind::issuer) kept_.insert_or_assign(one.of.id, std::move(one));
  keep_ = std::move(keep);
}

void TrustedIssuers::not_kept(domain::Id issuer) {
  const std::scoped_lock lock(mutex_);
  if (const Entry* entry = entry_of(issuer); entry != nullptr) entry->source->kept = {};
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
