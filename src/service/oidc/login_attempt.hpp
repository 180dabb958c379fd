// One login that has come back from the provider: the steps of `LoginService::finish`. Thread rule: one step
// after the other, each on the thread of what it waited for.
#pragma once

#include "service/oidc/account_builds.hpp"
#include "service/oidc/id_token.hpp"
#include "service/oidc/login_service.hpp"
#include "service/oidc/token_exchange.hpp"

namespace togglecast::service::oidc {

class LoginService::Attempt : public std::enable_shared_from_this<LoginService::Attempt> {
 public:
  using Done = std::function<void(Result<Welcome>)>;

  Attempt(LoginService& service, Arrival arrival, const WriteOptions& options, Done done)
      : service_(service), arrival_(std::move(arrival)), options_(options), done_(std::move(done)) {}

  void run();

 private:
  void exchange(const std::shared_ptr<const ProviderMetadata>& provider);
  void take_tokens(const std::shared_ptr<const ProviderMetadata>& provider, Tokens tokens);
  void take_id_token(const std::shared_ptr<const ProviderMetadata>& provider, IdToken token);
  void admit(const json::value& claims);
  [[nodiscard]] std::string environment_for(const domain::AdminUser& admin) const;
  void start(const domain::AdminUser& admin);
  void fail_as(Outcome outcome, const Error& error);

  LoginService& service_;
  Arrival arrival_;
  WriteOptions options_;
  Done done_;
  LoginTicket ticket_;
  Tokens tokens_;
  std::string subject_;
  std::shared_ptr<void> place_;  // among the logins that wait for the provider
};

}  // namespace togglecast::service::oidc
