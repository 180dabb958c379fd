// The hosts and origins of this server: addresses, `localhost`, and the names that the operator lists.
//
// Any other name may be one that its owner points at this machine, so that a page of that name reaches a
// server that only this machine should reach (DNS rebinding). Thread rule: immutable once built.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/error.hpp"
#include "wire/http/origin.hpp"

namespace togglecast::web {

class OwnHosts {
 public:
  /// `urls` are origins such as `https://flags.example`. Errors: `invalid_argument` for any other text.
  [[nodiscard]] static Result<OwnHosts> parse(const std::vector<std::string>& urls);

  /// Whether a request may ask for this host. Ports do not count.
  [[nodiscard]] bool include(const wire::http::Authority& asked) const;
  /// Whether this is the origin of a listed URL.
  [[nodiscard]] bool list(const wire::http::Origin& origin) const;
  /// The listed URL of this host: that with its port, or else the first one. Null without any.
  [[nodiscard]] const wire::http::Origin* listed(const wire::http::Authority& asked) const;

 private:
  std::vector<wire::http::Origin> listed_;
};

}  // namespace togglecast::web
