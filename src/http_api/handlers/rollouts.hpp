// A rollout as JSON, and as comma-separated values (RFC 4180) for a spreadsheet. Thread rule: pure functions.
#pragma once

#include <string>
#include <string_view>

#include "base/json.hpp"
#include "delivery/rollouts.hpp"

namespace togglecast::http_api {

[[nodiscard]] json::object rollout_json(const std::string& environment,
                                        const delivery::RolloutReport& report);

/// Text as one cell. A spreadsheet would run text that begins with `=`, `+`, `-`, `@` or a control character
/// as a formula; an apostrophe in front prevents that.
[[nodiscard]] std::string csv_cell(std::string_view text);

/// A header row, a row for each stage, one for the clients that were offline, one for
/// the sessions that came back, one for each laggard.
[[nodiscard]] std::string rollout_csv(const std::string& environment, const delivery::RolloutReport& report);

}  // namespace togglecast::http_api
