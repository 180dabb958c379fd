// One route: its path, its handler, and what a request must bring. Thread rule: plain values.
#pragma once

#include <array>
#include <memory>
#include <string_view>

#include "wire/http/message.hpp"

namespace togglecast::http_api {

class Call;
using CallPtr = std::shared_ptr<Call>;
using Handler = void (*)(const CallPtr& call);

/// What a request must bring to be let in.
enum class Access : std::uint8_t {
  probe,     ///< nothing; tells no more than a word
  open,      ///< nothing; for other sites' pages, too
  login,     ///< nothing yet, but no foreign page
  admin,     ///< the token of an admin; what its role allows is the service's to say
  operators  ///< comes from this machine, or with the token of an admin
};

/// What a request of another method than GET does.
enum class Effect : std::uint8_t {
  write,  ///< changes or sends something: takes an Idempotency-Key, each admin so many a second
  leave,  ///< the same, but may always be done: whoever was too fast can still go
  look    ///< nothing that stays, though it takes a body: each admin so many a second, counted apart
};

/// Names in the query of an address; the rest are empty.
using Parameters = std::array<std::string_view, 10>;

struct Route {
  wire::http::Method method;
  std::string_view pattern;
  Access access;
  Handler handler;
  Parameters parameters{};        ///< others are refused, but by what takes no token: pages and probes
  Effect effect = Effect::write;  ///< of GET: none

  [[nodiscard]] constexpr bool changes_state() const noexcept {
    return method != wire::http::Method::get && effect != Effect::look;
  }
  /// An admin may do it so often.
  [[nodiscard]] constexpr bool is_limited() const noexcept {
    return method != wire::http::Method::get && access == Access::admin && effect != Effect::leave;
  }
};

}  // namespace togglecast::http_api
