// One route: its path, its handler, and the conditions on its requests. Thread rule: plain values.
#pragma once

#include <array>
#include <memory>
#include <string_view>

#include "wire/http/message.hpp"

namespace togglecast::http_api {

class Call;
using CallPtr = std::shared_ptr<Call>;
using Handler = void (*)(const CallPtr& call);

/// The condition on the caller of a route.
enum class Access : std::uint8_t {
  probe,     ///< no token; the answer is one word
  open,      ///< no token; pages of foreign origins may request it
  login,     ///< no token; pages of foreign origins are refused
  admin,     ///< the token of an admin; the service checks the role
  operators  ///< the token of an admin; the listener of --metrics-listen serves them without
};

/// The effect of a request with a method other than GET.
enum class Effect : std::uint8_t {
  write,    ///< changes or sends something; takes an Idempotency-Key; has a rate limit per admin
  logout,   ///< the same without a rate limit, so that an admin above the limit can still log out
  evaluate  ///< changes nothing, though it has a body; has a rate limit of its own per admin
};

/// Names of query parameters; unused places are empty.
using Parameters = std::array<std::string_view, 10>;

struct Route {
  wire::http::Method method;
  std::string_view pattern;
  Access access;
  Handler handler;
  Parameters parameters{};        ///< routes with tokens refuse other parameters
  Effect effect = Effect::write;  ///< ignored for GET

  [[nodiscard]] constexpr bool changes_state() const noexcept {
    return method != wire::http::Method::get && effect != Effect::evaluate;
  }
  /// The route has a rate limit per admin.
  [[nodiscard]] constexpr bool is_limited() const noexcept {
    return method != wire::http::Method::get && access == Access::admin && effect != Effect::logout;
  }
};

}  // namespace togglecast::http_api
