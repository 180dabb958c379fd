// Reads of past states: `at` names a revision or a time. Thread rule: the shard of the call.
#pragma once

#include "domain/schema/kind.hpp"
#include "http_api/request/call.hpp"
#include "service/history/history.hpp"

namespace togglecast::http_api {

/// Reads a parameter: a revision such as `42`, or a time such as `2026-11-23T08:15:30Z`. Absent means now.
[[nodiscard]] Result<service::Moment> moment(const Call& call, std::string_view parameter);

/// If the request has `at`: answers with the entity at that moment and returns true. Else returns false.
[[nodiscard]] bool answered_from_the_past(const CallPtr& call, domain::Kind kind, domain::Id id);

}  // namespace togglecast::http_api
