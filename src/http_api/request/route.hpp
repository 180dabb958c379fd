// One route: its path, its handler, and the conditions on its requests. Thread rule: plain values.
#pragma once

#include <array>
#include <memory>
#include <optional>
#include <string_view>

#include "auth/permissions.hpp"
#include "wire/http/message.hpp"

namespace togglecast::http_api {

class Call;
using CallPtr = std::shared_ptr<Call>;
using Handler = void (*)(const CallPtr& call);

/// The condition on the caller of a route. That of a route with a token follows from its action.
enum class Access : std::uint8_t {
  probe,     ///< no token; the answer is one word
  open,      ///< no token; pages of foreign origins may request it
  login,     ///< no token; pages of foreign origins are refused
  admin,     ///< the token of an admin, or an API key
  reader,    ///< the token of an admin or of a client, or an API key; the service checks what it sees
  operators  ///< as `admin`; the listener of --metrics-listen serves them without
};

[[nodiscard]] constexpr Access access_for(auth::Action action) noexcept {
  if (action == auth::Action::read_process) return Access::operators;
  return auth::permission(action).clients ? Access::reader : Access::admin;
}

/// The effect of a request with a method other than GET.
enum class Effect : std::uint8_t {
  write,     ///< changes or sends something; takes an Idempotency-Key; has a rate limit per admin
  logout,    ///< the same without a rate limit, so that an admin above the limit can still log out
  message,   ///< the same as a write, but events carry its body on: it keeps the limit of messages
  upload,    ///< the same as a write, with a body of bytes of any type
  evaluate,  ///< changes nothing, though it has a body; counts as a read
  renew,     ///< of a session: takes no Idempotency-Key, because a repetition gives the same
  ofrep      ///< the same; unknown parameters are ignored, and refusals have the members of OFREP
};

/// The units of `--read-rate` that a read costs at least. See read_cost.hpp.
struct Units {
  unsigned count = 0;  ///< 0: the usual cost, of a list or of one entity
};

/// Names of query parameters; unused places are empty.
using Parameters = std::array<std::string_view, 10>;

struct Route {
  wire::http::Method method;
  std::string_view pattern;
  Access access;
  std::optional<auth::Action> action;  ///< what its caller must be allowed; nothing: no token is needed
  Handler handler;
  Parameters parameters{};        ///< routes with tokens refuse other parameters
  Effect effect = Effect::write;  ///< ignored for GET
  Units units{};                  ///< ignored for writes

  /// With a token.
  constexpr Route(wire::http::Method by, std::string_view path, auth::Action asks, Handler run,
                  Parameters known = {}, Effect does = Effect::write, Units costs = {})
      : method(by),
        pattern(path),
        access(access_for(asks)),
        action(asks),
        handler(run),
        parameters(known),
        effect(does),
        units(costs) {}
  constexpr Route(wire::http::Method by, std::string_view path, auth::Action asks, Handler run,
                  Parameters known, Units costs)
      : Route(by, path, asks, run, known, Effect::write, costs) {}
  /// Without one. `who` is `probe`, `open` or `login`: anything else does not compile.
  consteval Route(wire::http::Method by, std::string_view path, Access who, Handler run,
                  Parameters known = {}, Effect does = Effect::write)
      : method(by), pattern(path), access(who), handler(run), parameters(known), effect(does) {
    if (who != Access::probe && who != Access::open && who != Access::login) throw "name an action";
  }

  [[nodiscard]] constexpr bool changes_state() const noexcept {
    return method != wire::http::Method::get && effect != Effect::evaluate && effect != Effect::renew &&
           effect != Effect::ofrep;
  }
  /// The bodies of its requests may have `--max-write-body`, if the token allows writing.
  [[nodiscard]] constexpr bool takes_large_bodies() const noexcept {
    return access == Access::admin && method != wire::http::Method::get && effect == Effect::write;
  }
  /// Its requests may have the parameter `confirm`: they change what clients see.
  [[nodiscard]] constexpr bool takes_confirm() const noexcept {
    if (access != Access::admin || method == wire::http::Method::get) return false;
    if (effect != Effect::write && effect != Effect::upload) return false;
    for (const std::string_view other : {"/api/v1/auth/", "/api/v1/admins", "/api/v1/environments",
                                         "/api/v1/api-keys", "/api/v1/connections", "/api/v1/settings"})
      if (pattern.starts_with(other)) return false;
    return true;
  }
  /// The bodies of its requests are bytes, as many as `--asset-size` says, if the token allows writing.
  [[nodiscard]] constexpr bool takes_bytes() const noexcept {
    return effect == Effect::upload && method != wire::http::Method::get;
  }
  /// The route has a rate limit per admin: of writes if it changes the state, else of reads.
  [[nodiscard]] constexpr bool is_limited() const noexcept {
    return access == Access::admin && (method == wire::http::Method::get || effect != Effect::logout);
  }
};

}  // namespace togglecast::http_api
