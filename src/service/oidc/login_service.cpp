#include "service/oidc/login_service.hpp"

#include <utility>

#include "changes/actor.hpp"
#include "domain/schema/environment.hpp"
#include "service/oidc/account_builds.hpp"
#include "service/oidc/id_token.hpp"
#include "service/oidc/login_attempt.hpp"
#include "service/oidc/return_path.hpp"
#include "service/oidc/url_encoding.hpp"

namespace togglecast::service::oidc {
namespace {

constexpr std::size_t kAtOnce = 64;           // logins that wait for the provider
constexpr std::size_t kAtOncePerAddress = 8;  // of these

}  // namespace

std::string_view to_string(Outcome outcome) noexcept {
  switch (outcome) {
    case Outcome::opened:
      return "opened";
    case Outcome::abandoned:
      return "abandoned";
    case Outcome::no_ticket:
      return "no_ticket";
    case Outcome::refused:
      return "refused";
    case Outcome::no_role:
      return "no_role";
    case Outcome::deactivated:
      return "deactivated";
    case Outcome::away:
      return "away";
    case Outcome::busy:
      return "busy";
    case Outcome::failed:
      return "failed";
  }
  return "";
}

LoginService::LoginService(Options options, Fetch fetch, LoginTickets tickets, StartSession start,
                           const Surroundings& surroundings)
    : options_(std::move(options)),
      fetch_(std::move(fetch)),
      provider_(fetch_, options_.issuer, surroundings.clock),
      tickets_(std::move(tickets)),
      start_(std::move(start)),
      around_(surroundings),
      logouts_(around_.metrics.counter("togglecast_oidc_backchannel_logouts_total",
                                       "Logouts that the OpenID Connect provider told.",
                                       {{"outcome", "accepted"}})),
      logouts_refused_(around_.metrics.counter("togglecast_oidc_backchannel_logouts_total",
                                               "Logouts that the OpenID Connect provider told.",
                                               {{"outcome", "refused"}})) {
  for (std::size_t i = 0; i < kOutcomes; ++i)
    outcomes_[i] = &around_.metrics.counter("togglecast_oidc_logins_total",
                                            "Logins by OpenID Connect that came back from the provider.",
                                            {{"outcome", std::string(to_string(static_cast<Outcome>(i)))}});
}

void LoginService::count(Outcome outcome, const Error* error, std::string_view address) {
  outcomes_[static_cast<std::size_t>(outcome)]->add();
  if (error == nullptr) return;
  around_.log.warn("a login by OpenID Connect failed",
                   {{"outcome", to_string(outcome)}, {"reason", error->message}, {"address", address}});
}

// Null when too many wait. The last reference to what is returned makes room again.
std::shared_ptr<void> LoginService::enter(const std::string& address) {
  const std::scoped_lock lock(mutex_);
  if (all_at_once_ >= kAtOnce) return nullptr;
  if (!address.empty() && at_once_[address] >= kAtOncePerAddress) return nullptr;
  ++all_at_once_;
  if (!address.empty()) ++at_once_[address];
  return {this, [address](LoginService* self) {
            const std::scoped_lock leaving(self->mutex_);
            --self->all_at_once_;
            if (!address.empty() && --self->at_once_[address] == 0) self->at_once_.erase(address);
          }};
}

void LoginService::begin(const std::string& environment, const std::string& return_path,
                         const std::string& redirect_uri, std::function<void(Result<Departure>)> done) {
  if (!is_own_path(return_path))
    return done(fail_field("/return_to", "must be a path of this server, such as /, of at most 1024 bytes"));
  if (!environment.empty() && !domain::is_key(environment))
    return done(fail_field("/environment", "is not a key"));
  provider_.metadata([this, environment, return_path, redirect_uri,
                      done = std::move(done)](const Result<Provider::Metadata::Value>& provider) {
    if (!provider) {
      count(Outcome::away, &provider.error(), {});
      return done(tl::unexpected(provider.error()));
    }
    LoginTicket ticket = tickets_.make(around_.random, around_.clock.wall_now());
    ticket.environment = environment;
    ticket.return_path = return_path;
    ticket.redirect_uri = redirect_uri;
    const std::string nonce = tickets_.nonce(ticket);
    const std::string challenge = tickets_.challenge(ticket);
    done(Departure{with_query((*provider)->authorization_endpoint, {{"response_type", "code"},
                                                                    {"client_id", options_.client_id},
                                                                    {"redirect_uri", redirect_uri},
                                                                    {"scope", options_.scopes},
                                                                    {"state", ticket.state},
                                                                    {"nonce", nonce},
                                                                    {"code_challenge", challenge},
                                                                    {"code_challenge_method", "S256"}}),
                   cookie_name_of(ticket.state), tickets_.seal(ticket)});
  });
}

void LoginService::finish(Arrival arrival, const WriteOptions& options,
                          std::function<void(Result<Welcome>)> done) {
  std::make_shared<Attempt>(*this, std::move(arrival), options, std::move(done))->run();
}

template <typename T>
void LoginService::verified(std::function<Result<T>(const auth::KeySet& keys)> verify,
                            std::function<void(Result<T>)> done) {
  provider_.keys([this, verify, done](const Result<Provider::Keys::Value>& keys) {
    if (!keys) return done(tl::unexpected(keys.error()));
    auto outcome = verify(**keys);
    if (outcome || outcome.error().code != Errc::not_found) return done(std::move(outcome));
    provider_.newer_keys([this, verify, done](const Result<Provider::Keys::Value>& newer) {
      if (!newer) return done(tl::unexpected(newer.error()));
      auto again = verify(**newer);
      if (again || again.error().code != Errc::not_found) return done(std::move(again));
      // The provider may have made the key while it could not be asked.
      const auto away = provider_.keys_failure();
      done(away ? Result<T>(tl::unexpected(*away)) : std::move(again));
    });
  });
}
template void LoginService::verified<IdToken>(std::function<Result<IdToken>(const auth::KeySet& keys)> verify,
                                              std::function<void(Result<IdToken>)> done);

void LoginService::logout_url(const std::string& back, const std::string& id_token,
                              std::function<void(std::string url)> done) {
  provider_.metadata(
      [this, back, id_token, done = std::move(done)](const Result<Provider::Metadata::Value>& provider) {
        if (!provider || (*provider)->end_session_endpoint.empty()) return done({});
        Parameters parameters{{"client_id", options_.client_id}, {"post_logout_redirect_uri", back}};
        if (!id_token.empty()) parameters.emplace_back("id_token_hint", id_token);
        done(with_query((*provider)->end_session_endpoint, parameters));
      });
}

void LoginService::end_sessions(const std::string& logout_token, const WriteOptions& options,
                                std::function<void(Result<void>)> done) {
  const auto refuse_it = [this, done](const Error& error) {
    logouts_refused_.add();
    around_.log.warn("a logout that the OpenID Connect provider told was refused",
                     {{"reason", error.message}});
    done(tl::unexpected(error));
  };
  verified<LogoutToken>(
      [this, logout_token](const auth::KeySet& keys) {
        return verify_logout_token(keys, logout_token,
                                   {options_.issuer, options_.client_id, options_.algorithm},
                                   around_.clock.wall_now());
      },
      [this, options, refuse_it, done](const Result<LogoutToken>& token) {
        if (!token) return refuse_it(token.error());
        // A copy of the token that comes later must not end a session that began after it; clocks differ.
        const UnixMillis until{(token->issued_at + kLeeway) * 1'000};
        around_.committer.submit(
            {std::string(domain::kSystemEnvironment), changes::server_actor(options.source), std::nullopt,
             build_oidc_logout({options_.issuer, token->subject}, until)},
            [this, refuse_it, done](const Result<changes::Written>& written) {
              if (!written) return refuse_it(written.error());
              logouts_.add();
              done({});
            });
      });
}

}  // namespace togglecast::service::oidc
