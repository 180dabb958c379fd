// The parts of responses that the server writes itself. Internal to `web`. Thread rule: any thread.
#pragma once

#include <string>
#include <string_view>

#include "wire/http/message.hpp"

namespace togglecast::web {

/// `{"error":{"code":…,"message":…}}`. The message may quote bytes of a request.
[[nodiscard]] wire::http::Response error_response(unsigned status, std::string_view code,
                                                  std::string_view message);

/// The page for a browser that asked for a host that is not this server's. `message` has no markup.
[[nodiscard]] wire::http::Response host_page(unsigned status, std::string_view message);

/// The present time for the `Date` header (IMF-fixdate; RFC 9110, section 5.6.7). Made once a second; valid
/// until the next call on this thread.
[[nodiscard]] const std::string& date_now();

}  // namespace togglecast::web
