// Reading the past: `at` names a revision or a time. Thread rule: the shard of the call.
#pragma once

#include "domain/schema/kind.hpp"
#include "http_api/request/call.hpp"
#include "service/history/history.hpp"

namespace togglecast::http_api {

/// What a parameter says: `42`, or a time as `2026-11-23T08:15:30Z`; now, when it is absent.
[[nodiscard]] Result<service::Moment> moment(const Call& call, std::string_view parameter);

/// Answers a read of one entity from the past, when the request has `at`; false when it has not.
[[nodiscard]] bool answered_from_the_past(const CallPtr& call, domain::Kind kind, domain::Id id);

}  // namespace togglecast::http_api
