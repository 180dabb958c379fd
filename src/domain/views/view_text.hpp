// The text of what a client sees, without values in between: the same bytes as the JSON forms have, see
// client_view.hpp, package.hpp and client.hpp. Thread rule: pure functions.
#pragma once

#include <string>

#include "domain/state/client_view.hpp"

namespace togglecast::domain {

/// As `to_json(answer)`.
void append(std::string& out, const FeatureAnswer& answer);
/// As `to_json(sub_answer)`, with the id of its feature.
void append_sub_feature(std::string& out, const evaluation::Decision& sub_feature, Id feature);
/// As `ClientView::platform`, of a platform that the client sees.
void append_platform(std::string& out, const Platform& platform, const Client& client);
/// As `seen_by_client`; `null` without a package.
void append_package(std::string& out, const Package* package);
/// As `seen_by_itself`.
void append_client(std::string& out, const Client& client);

}  // namespace togglecast::domain
