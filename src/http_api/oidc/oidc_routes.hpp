// Logins by OpenID Connect, as browsers and programs see them. A browser is sent on by redirects and reads
// pages; a program that asks for `application/json` gets the same as JSON. Thread rule: each runs on the
// shard of its call.
#pragma once

#include <memory>

namespace togglecast::http_api {

class Call;
using CallPtr = std::shared_ptr<Call>;

/// Which logins there are.
void login_methods(const CallPtr& call);
/// Sends the browser to the provider.
void oidc_login(const CallPtr& call);
/// The browser comes back.
void oidc_callback(const CallPtr& call);
/// Answers a logout that has happened: with where to go, if the caller's account is the provider's.
void answer_logout(const CallPtr& call, bool replayed);
/// The provider says that a person has logged out there.
void oidc_backchannel_logout(const CallPtr& call);

}  // namespace togglecast::http_api
