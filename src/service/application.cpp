#include "service/application.hpp"

#include <algorithm>
#include <exception>

#include "changes/instrumented_reader.hpp"
#include "changes/ops.hpp"
#include "domain/schema/environment.hpp"
#include "observe/peer_log.hpp"
#include "service/catalogue/catalogue_file.hpp"
#include "service/duties/duties.hpp"

namespace togglecast::service {
namespace {

constexpr std::size_t kNodeBytes = 9;
constexpr std::size_t kPreviewQueue = 16;
constexpr std::size_t kPasswordThreads = 2;
constexpr std::size_t kPasswordQueue = 64;
constexpr std::size_t kOperatorQueue = 64;

// The asker learns only that the work failed. The log has the reason.
std::function<void(std::string_view)> telling(observe::Log& log) {
  return [peers = observe::PeerLog(log)](std::string_view what) {  // a request may come from a stranger
    peers.error("work for a request failed", {{"reason", what}});
  };
}

changes::ChangeFeed::OnFailure telling_of_subscribers(observe::Log& log, observe::Metrics& metrics) {
  auto& failures = metrics.counter("togglecast_change_subscriber_failures_total",
                                   "Events that a subscriber of changes did not take; they are repeated.");
  return [&log, &failures](std::string_view message) {
    failures.add();
    try {
      log.error("a subscriber did not take a change; trying again", {{"reason", message}});
    } catch (const std::exception&) {
      return;  // no memory: the counter has it
    }
  };
}

Sha256 random_genesis(RandomSource& random) {
  Sha256 genesis{};
  random.fill(genesis);
  return genesis;
}

Result<void> ensure_environments(storage::Store& store, storage::Reader& reader,
                                 const std::vector<std::string>& wanted, const Clock& clock,
                                 RandomSource& random) {
  const auto existing = reader.environments();
  if (!existing) return tl::unexpected(existing.error());
  std::vector<std::string> names{std::string(domain::kSystemEnvironment)};
  names.insert(names.end(), wanted.begin(), wanted.end());
  for (const std::string& name : names) {
    const bool known = std::any_of(existing->begin(), existing->end(),
                                   [&](const storage::Environment& one) { return one.key == name; });
    if (known) continue;
    auto made = store.create_environment(name, random_genesis(random), clock.wall_now());
    if (!made && made.error().code != Errc::already_exists) return made;  // another node may be quicker
  }
  return {};
}

changes::CommitterOptions with_upkeep(changes::CommitterOptions options, changes::Upkeep& upkeep) {
  options.pipeline.upkeep = &upkeep;
  return options;
}

changes::LeaseKeeperOptions with_name(changes::LeaseKeeperOptions options, RandomSource& random) {
  if (options.node.empty()) options.node = random_token(random, kNodeBytes);
  return options;
}

// An error while loading. Only a backup helps.
tl::unexpected<Error> not_loaded(Error error) {
  if (error.code == Errc::internal && error.message.find("restore") == std::string::npos)
    error.message = "the stored data are damaged: " + error.message + "; restore a backup of the data folder";
  return tl::unexpected(std::move(error));
}

}  // namespace

Application::Application(std::unique_ptr<storage::Store> store, Readers readers,
                         const ApplicationOptions& options, const Clock& clock, RandomSource& random,
                         observe::Log& log, observe::Metrics& metrics)
    : log_(log),
      store_(std::move(store)),
      random_(random),
      model_(options.ring, &metrics),
      feed_(telling_of_subscribers(log, metrics)),
      tail_(model_, feed_, std::move(readers.of_tail), log, metrics, options.tail),
      committer_(*store_, model_, tail_, clock, log, metrics, with_upkeep(options.committer, upkeep_)),
      reader_(std::make_unique<changes::InstrumentedReader>(std::move(readers.of_requests), log, metrics),
              telling(log)),
      logins_(std::move(readers.of_logins), telling(log)),
      passwords_({.threads = kPasswordThreads, .queue = kPasswordQueue, .on_failure = telling(log)}),
      workers_(
          {.threads = options.workers.threads, .queue = options.workers.queue, .on_failure = telling(log)}),
      previews_({.threads = 1, .queue = kPreviewQueue, .on_failure = telling(log)}),
      operators_({.threads = 1, .queue = kOperatorQueue, .on_failure = telling(log)}),
      signing_keys_(keys_, committer_, model_, tail_, logins_, random, log, clock),
      last_use_(clock, metrics),
      egress_(options.egress, clock, log, metrics),
      trusted_issuers_(model_, egress_, clock, log, options.issuers),
      authenticator_(keys_, model_, signing_keys_, trusted_issuers_, clock, metrics),
      platforms_(committer_, model_),
      features_(committer_, model_),
      segments_(committer_, model_),
      packages_(committer_, model_),
      clients_(committer_, model_),
      assets_(committer_, reader_, metrics, options.assets),
      tokens_(committer_, model_, keys_, random, clock, options.tokens),
      sessions_({committer_, model_, logins_, keys_, signing_keys_, random, clock, log, metrics},
                options.sessions),
      session_list_(committer_, model_, reader_, last_use_, clock, options.sessions),
      issuers_(committer_, model_, egress_, trusted_issuers_, options.issuers.key_folder),
      factor_codes_(keys_, random, clock),
      admins_(committer_, model_, logins_, passwords_, sessions_, factor_codes_, clock, metrics,
              options.admins),
      settings_(committer_, model_,
                [issuer = options.oidc ? options.oidc->issuer : std::string()] { return issuer; }),
      second_factor_(committer_, model_, admins_, factor_codes_, random, clock),
      api_keys_(committer_, model_, random),
      environments_(committer_, model_, random),
      activity_(reader_, model_, committer_),
      history_(reader_, workers_, model_, clock),
      idempotent_sends_(IdempotentSends::kPerActor, options.idempotency_age),
      mailbox_(committer_, tail_, reader_, upkeep_, clock, log, metrics, options.mailbox),
      message_list_(reader_, model_, clock, log),
      time_(committer_, model_, feed_, upkeep_, clock, log),
      log_keeper_(std::move(readers.of_log_keeper), log_keeper_ports(), clock, log, metrics, options.log),
      lease_keeper_(committer_, upkeep_, log, metrics, with_name(options.lease, random)) {
  lease_keeper_.also([this](storage::Store& of) {
    last_use_.write_due(of.usage());
    if (upkeep_.is_mine()) session_list_.prune_due();
  });
  authenticator_.note_uses(last_use_);
  tail_.also_follow(mailbox_);
  upkeep_.on_taken([this] { time_.look(); });
}

changes::LogKeeperPorts Application::log_keeper_ports() {
  return {.oldest_recent_state =
              [this](const std::string& environment) {
                const auto oldest = model_.nearest(environment, 0);
                return oldest == nullptr ? 0 : oldest->revision();
              },
          .prune =
              [this](const std::string& environment, domain::Revision until) {
                if (upkeep_.is_mine()) committer_.prune(environment, until);
              },
          .served = [this](const std::string& environment) -> std::optional<domain::Head> {
            const auto state = model_.current(environment);
            if (state == nullptr) return std::nullopt;
            return state->head();
          },
          .begin_epoch = [this](const std::string& environment,
                                const domain::Head& lost) { begin_epoch(environment, lost); }};
}

// A failure is the store's, and the log keeper asks again.
void Application::begin_epoch(const std::string& environment, const domain::Head& lost) {
  std::ignore = committer_.submit_task([this, environment, lost](storage::Store& store) {
    const auto raised = store.raise_epoch(environment, lost);
    if (!raised) return;
    if (*raised)
      log_.warn("the server begins a new epoch, and clients discard what they know of the old one",
                {{"environment", environment}});
    tail_.notice();
  });
}

Result<std::unique_ptr<Application>> Application::open(std::unique_ptr<storage::Store> store,
                                                       const ApplicationOptions& options, const Clock& clock,
                                                       RandomSource& random, observe::Log& log,
                                                       observe::Metrics& metrics) {
  Readers readers;
  for (auto* reader : {&readers.of_tail, &readers.of_requests, &readers.of_logins, &readers.of_log_keeper}) {
    auto opened = store->open_reader();
    if (!opened) return tl::unexpected(opened.error());
    *reader = std::move(*opened);
  }
  std::unique_ptr<Application> application(
      new Application(std::move(store), std::move(readers), options, clock, random, log, metrics));
  if (auto loaded = application->load(options, clock, random); !loaded) return tl::unexpected(loaded.error());
  if (auto made = application->make_oidc(options, clock, metrics); !made) return tl::unexpected(made.error());
  if (auto caught_up = application->time_.catch_up(); !caught_up) return tl::unexpected(caught_up.error());
  application->signing_keys_.follow(application->feed_);
  application->trusted_issuers_.follow(application->feed_);
  application->tail_.start();
  application->committer_.start();
  application->time_.start();
  application->log_keeper_.start();
  application->lease_keeper_.start();
  return application;
}

Result<void> Application::load(const ApplicationOptions& options, const Clock& clock, RandomSource& random) {
  const auto unfinished = store_->transfer().unfinished();
  if (!unfinished) return tl::unexpected(unfinished.error());
  if (!unfinished->empty())
    return fail(Errc::unavailable,
                "the import from " + *unfinished +
                    " into this store was not finished; run togglecast migrate-store again");
  const auto reader = store_->open_reader();
  if (!reader) return tl::unexpected(reader.error());
  if (auto made = ensure_environments(*store_, **reader, options.environments, clock, random); !made)
    return made;
  lease_keeper_.take(*store_);
  if (auto settled = settle_with_marker(); !settled) return settled;
  if (auto loaded = tail_.follow(); !loaded) return not_loaded(loaded.error());
  if (auto keys = load_keys(**reader); !keys) return not_loaded(keys.error());
  if (auto known = remember_issuer_keys(**reader); !known) return not_loaded(known.error());
  if (auto made = make_first_owner(options, clock); !made) return made;
  if (auto settled = settle_password_login(options); !settled) return settled;
  return options.first_catalogue ? make_first_catalogue(options) : Result<void>{};
}

// The store may have less than this node has served. A copy of the data has begun an epoch already (decision
// 0015).
Result<void> Application::settle_with_marker() {
  const auto regressions = log_keeper_.compare_with_marker();
  if (!regressions) return not_loaded(regressions.error());
  for (const changes::Regression& one : *regressions) {
    if (one.found.epoch > one.served.epoch || one.found.epoch == 0) continue;
    const auto raised = store_->raise_epoch(one.environment, one.served);
    if (!raised) return tl::unexpected(raised.error());
    if (*raised)
      log_.warn("the server begins a new epoch, and clients discard what they know of the old one",
                {{"environment", one.environment}});
  }
  return {};
}

Result<void> Application::load_keys(storage::Reader& reader) {
  if (model_.current(domain::kSystemEnvironment)->table<domain::SigningKeyRecord>().by_id.empty()) {
    if (auto made = signing_keys_.make_first(); !made) return made;
  }
  return signing_keys_.load(reader);
}

Result<void> Application::remember_issuer_keys(storage::Reader& reader) {
  auto kept = reader.fetched().all(std::string(domain::kSystemEnvironment));
  if (!kept) return tl::unexpected(kept.error());
  trusted_issuers_.remember(*std::move(kept), [this](storage::Fetched keys) {
    const domain::Id issuer = keys.of.id;
    const bool taken = committer_.submit_task([this, issuer, keys = std::move(keys)](storage::Store& store) {
      const auto done = store.fetched().keep(std::string(domain::kSystemEnvironment), keys);
      if (done) return;
      log_.warn("the keys of an issuer could not be kept for the next start",
                {{"issuer", issuer}, {"reason", done.error().message}});
      trusted_issuers_.not_kept(issuer);
    });
    if (!taken) trusted_issuers_.not_kept(issuer);
  });
  return {};
}

Result<void> Application::make_oidc(const ApplicationOptions& options, const Clock& clock,
                                    observe::Metrics& metrics) {
  if (!options.oidc) return {};
  if (auto ok = egress_.check_url(options.oidc->issuer); !ok)
    return fail(Errc::invalid_argument, "--oidc-issuer: " + ok.error().message);
  const oidc::Fetch by_egress = [this](egress::Request request, egress::Done done) {
    egress_.fetch(std::move(request), std::move(done));
  };
  oidc_ = std::make_unique<oidc::LoginService>(
      *options.oidc, options.fetch ? options.fetch : by_egress,
      oidc::LoginTickets(derived_key("login by OpenID Connect")),
      [this](const domain::AdminUser& admin, const SessionStart& start, const WriteOptions& write,
             LoginDone done) { sessions_.start(admin, start, write, std::move(done)); },
      oidc::Surroundings{committer_, model_, random_, clock, log_, metrics});
  return {};
}

Result<void> Application::make_first_owner(const ApplicationOptions& options, const Clock& clock) {
  if (!model_.current(domain::kSystemEnvironment)->table<domain::AdminUser>().by_id.empty()) return {};
  if (!options.first_owner_password)
    return fail(Errc::internal, "the password of the first owner is missing");
  const auto password = options.first_owner_password();
  if (!password) return tl::unexpected(password.error());
  std::optional<UnixMillis> expires;
  if (options.first_password_is_generated && options.first_password_is_generated())
    expires = UnixMillis{clock.wall_now().value + Milliseconds(options.first_password_lifetime).count()};
  if (auto made = admins_.create_first_owner(std::string(kFirstOwner), *password, options.tell_first_password,
                                             expires);
      !made) {
    if (made.error().code == Errc::already_exists) return {};  // another node was quicker
    return tl::unexpected(made.error());
  }
  made_first_owner_ = true;
  return {};
}

Result<void> Application::settle_password_login(const ApplicationOptions& options) {
  if (settings_of(*model_.current(domain::kSystemEnvironment)).password_login) return {};
  if (options.enable_password_login) {
    const auto written = committer_.perform(changes::own_write(
        std::string(domain::kSystemEnvironment), changes::Source::command_line, build_password_login_on()));
    if (!written) return tl::unexpected(written.error());
    log_.warn("logins with a password are on again (--enable-password-login)");
  } else if (!options.oidc) {
    log_.warn(
        "nobody can log in: the settings switch passwords off, and there is no --oidc-issuer; "
        "--enable-password-login switches them on");
  }
  return {};
}

Result<void> Application::make_first_catalogue(const ApplicationOptions& options) {
  if (options.environments.empty())
    return fail(Errc::internal, "there is no environment for the first catalogue");
  const auto made = committer_.perform(changes::own_write(
      options.environments.front(), changes::Source::start, build_catalogue(*options.first_catalogue)));
  if (!made) return tl::unexpected(made.error());
  made_first_catalogue_ = made->changed;
  return {};
}

void Application::add_environment(const std::string& key, changes::Committer::EnvironmentDone done) {
  committer_.add_environment(key, random_genesis(random_), std::move(done));
}

Result<void> Application::health() const {
  if (auto store = committer_.health(); !store) return store;
  if (auto log = log_keeper_.health(); !log) return log;
  return tail_.health();
}

void Application::stop() {
  egress_.stop();
  trusted_issuers_.stop();
  time_.stop();
  reader_.stop();  // hands its last work to the workers, and they hand theirs to the committer
  logins_.stop();
  passwords_.stop();
  workers_.stop();
  previews_.stop();
  operators_.stop();
  lease_keeper_.stop();
  std::ignore = committer_.submit_task([this](storage::Store& store) { last_use_.write(store.usage()); });
  committer_.stop();
  tail_.stop();
  log_keeper_.stop();  // it marks what was written last
}

}  // namespace togglecast::service
