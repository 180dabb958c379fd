#include "service/oidc/login_attempt.hpp"

#include <algorithm>
#include <utility>

#include "changes/actor.hpp"
#include "domain/schema/environment.hpp"

namespace togglecast::service::oidc {
namespace {

constexpr std::size_t kLongestCode = 8'192;

Outcome outcome_of(const Error& error) {
  switch (error.code) {
    case Errc::rate_limited:
      return Outcome::busy;
    case Errc::unavailable:
    case Errc::timeout:
      return Outcome::away;
    case Errc::invalid_argument:
    case Errc::parse_error:
    case Errc::payload_too_large:
    case Errc::not_found:
    case Errc::already_exists:
    case Errc::conflict:
    case Errc::unauthenticated:
    case Errc::token_invalid:
    case Errc::token_expired:
    case Errc::revoked:
    case Errc::forbidden:
    case Errc::internal:
      return Outcome::refused;
  }
  return Outcome::refused;
}

// The `error` of an answer (RFC 6749, section 4.1.2.1; OpenID Connect Core, section 3.1.2.6): a word. The
// description that may come with it is anyone's text, and is not shown.
Error no_of(std::string_view word) {
  if (word == "access_denied")
    return {Errc::forbidden, "the login was cancelled, or the identity provider refused it", {}};
  const bool plain = word.size() <= 64 && std::all_of(word.begin(), word.end(), [](char c) {
                       return (c >= 'a' && c <= 'z') || c == '_';
                     });
  return {Errc::unauthenticated,
          "the identity provider ended the login" + (plain ? ": " + std::string(word) : std::string()) +
              ". Begin again at the login page",
          {}};
}

// A token that cannot be accepted opens nothing, and the browser has no token of ours to renew.
Error as_failed_login(Error error) {
  if (error.code == Errc::token_invalid || error.code == Errc::not_found) error.code = Errc::unauthenticated;
  return error;
}

bool has_claims(const json::value& claims, const Options& options) {
  return find_claim(claims, options.groups_claim) != nullptr &&
         find_claim(claims, options.username_claim) != nullptr;
}

// Claims of the ID token win: the provider has signed them.
json::value joined(json::value claims, const json::value& more) {
  for (const auto& member : more.get_object())
    if (!claims.get_object().contains(member.key())) claims.get_object()[member.key()] = member.value();
  return claims;
}

}  // namespace

void LoginService::Attempt::fail_as(Outcome outcome, const Error& error) {
  place_.reset();
  service_.count(outcome, &error, arrival_.address);
  done_(tl::unexpected(error));
}

void LoginService::Attempt::run() {
  auto ticket = service_.tickets_.open(arrival_.ticket, arrival_.state, service_.around_.clock.wall_now());
  if (!ticket) return fail_as(Outcome::no_ticket, ticket.error());
  ticket_ = *std::move(ticket);
  place_ = service_.enter(arrival_.throttled_as);
  if (place_ == nullptr) {
    Error busy{Errc::unavailable, "too many logins wait for the identity provider; try again", {}};
    busy.retry_after = std::chrono::seconds{1};
    return fail_as(Outcome::busy, busy);
  }
  service_.provider_.metadata([self = shared_from_this()](const Result<Provider::Metadata::Value>& provider) {
    if (!provider) return self->fail_as(Outcome::away, provider.error());
    self->exchange(*provider);
  });
}

void LoginService::Attempt::exchange(const std::shared_ptr<const ProviderMetadata>& provider) {
  const Options& options = service_.options_;
  // Another provider than ours may have answered (RFC 9207): its code must not go to ours.
  if (arrival_.issuer ? *arrival_.issuer != options.issuer : provider->answers_name_issuer)
    return fail_as(
        Outcome::refused,
        {Errc::unauthenticated, "the answer is not from the identity provider that was asked (iss)", {}});
  if (!arrival_.error.empty()) return fail_as(Outcome::abandoned, no_of(arrival_.error));
  if (arrival_.code.empty() || arrival_.code.size() > kLongestCode)
    return fail_as(Outcome::refused,
                   {Errc::unauthenticated, "the answer of the identity provider has no code", {}});
  service_.fetch_(token_request(options, *provider, arrival_.code, ticket_.redirect_uri,
                                service_.tickets_.verifier(ticket_)),
                  [self = shared_from_this(), provider](const Result<egress::Response>& answer) {
                    auto tokens = read_tokens(answer);
                    if (!tokens) return self->fail_as(outcome_of(tokens.error()), tokens.error());
                    self->take_tokens(provider, *std::move(tokens));
                  });
}

void LoginService::Attempt::take_tokens(const std::shared_ptr<const ProviderMetadata>& provider,
                                        Tokens tokens) {
  tokens_ = std::move(tokens);
  service_.verified<IdToken>(
      [self = shared_from_this()](const auth::KeySet& keys) {
        const LoginService& service = self->service_;
        const Options& options = service.options_;
        return verify_id_token(keys, self->tokens_.id_token.reveal(),
                               {options.issuer, options.client_id, options.algorithm},
                               service.tickets_.nonce(self->ticket_), self->tokens_.access_token.reveal(),
                               service.around_.clock.wall_now());
      },
      [self = shared_from_this(), provider](Result<IdToken> token) {
        if (!token) return self->fail_as(outcome_of(token.error()), as_failed_login(token.error()));
        self->take_id_token(provider, *std::move(token));
      });
}

void LoginService::Attempt::take_id_token(const std::shared_ptr<const ProviderMetadata>& provider,
                                          IdToken token) {
  subject_ = std::move(token.subject);
  const bool asks = !has_claims(token.claims, service_.options_) && !provider->userinfo_endpoint.empty() &&
                    !tokens_.access_token.empty();
  if (!asks) return admit(token.claims);
  service_.fetch_(
      userinfo_request(*provider, tokens_.access_token),
      [self = shared_from_this(), claims = std::move(token.claims)](const Result<egress::Response>& answer) {
        const auto more = read_userinfo(answer, self->subject_);
        if (!more) return self->fail_as(outcome_of(more.error()), as_failed_login(more.error()));
        self->admit(joined(claims, *more));
      });
}

// The provider has said who this is and what groups it has; from here on, everything is ours.
void LoginService::Attempt::admit(const json::value& claims) {
  place_.reset();
  const Options& options = service_.options_;
  Person person;
  person.identity = {options.issuer, subject_};
  person.username = username_in(claims, options.username_claim);
  person.roles =
      roles_of(strings_in(find_claim(claims, options.groups_claim)), options.roles, options.default_role);
  if (person.username.empty())
    return fail_as(
        Outcome::refused,
        {Errc::forbidden,
         "the identity provider names nothing that can be a username; an operator can name another "
         "claim with --oidc-username-claim",
         {}});
  const bool has_role = person.roles.any();
  service_.around_.committer.submit(
      {std::string(domain::kSystemEnvironment), changes::server_actor(changes::Source::rest), std::nullopt,
       build_oidc_account(person)},
      [self = shared_from_this(), has_role,
       identity = person.identity](const Result<changes::Written>& written) {
        if (!written) {
          const bool off = written.error().code == Errc::forbidden;
          return self->fail_as(off ? Outcome::deactivated : Outcome::failed, written.error());
        }
        if (!has_role)
          return self->fail_as(
              Outcome::no_role,
              {Errc::forbidden,
               "your groups give you no role here; ask an owner, who can look at --oidc-role",
               {}});
        const auto system = self->service_.around_.model.current(domain::kSystemEnvironment);
        const auto account = account_of(*system, identity);
        if (account == nullptr)
          return self->fail_as(Outcome::failed,
                               {Errc::unavailable, "the account was removed at this moment; try again", {}});
        self->start(*account);
      });
}

// A login that names no environment works in the usual one, or else in one that the person has a role in.
std::string LoginService::Attempt::environment_for(const domain::AdminUser& admin) const {
  if (!ticket_.environment.empty()) return ticket_.environment;
  const auto has_role = [&admin](const std::string& key) {
    return admin.standing_in(key).here() != domain::Role::none;
  };
  if (has_role(arrival_.environment)) return arrival_.environment;
  for (const auto& [key, role] : admin.environments)
    if (has_role(key) && service_.around_.model.current(key) != nullptr) return key;
  return arrival_.environment;
}

void LoginService::Attempt::start(const domain::AdminUser& admin) {
  SessionStart session{environment_for(admin), arrival_.device, arrival_.address};
  session.longest = service_.options_.session;
  session.method = domain::LoginMethod::oidc;
  service_.start_(admin, session, options_, [self = shared_from_this()](Result<LoggedIn> started) {
    if (!started) {
      const bool no_role = started.error().code == Errc::forbidden;
      return self->fail_as(no_role ? Outcome::no_role : Outcome::failed, started.error());
    }
    self->service_.count(Outcome::opened, nullptr, self->arrival_.address);
    self->done_(Welcome{*std::move(started), self->ticket_.return_path, self->tokens_.id_token});
  });
}

}  // namespace togglecast::service::oidc
