// Answers of routes whose body is decided by the request, the caller and an ETag: made once, and sent from
// memory when they come again.
//
//   if (answer_kept(*call, etag, revision)) return;
//   call->work([call, …] { answer_and_keep(*call, etag, revision, text_of(…)); });
//
// Thread rule: any thread.
#pragma once

#include <optional>
#include <string>

#include "domain/schema/version.hpp"
#include "http_api/request/call.hpp"

namespace togglecast::http_api {

/// Answers 304, or 200 with the body that was kept for this ETag. False: neither is possible. `revision`: see
/// `Answer`.
[[nodiscard]] bool answer_kept(Call& call, const std::string& etag, std::optional<domain::Revision> revision);

/// Answers 200 with `text`, which is JSON, and keeps it. On a worker: it compresses.
void answer_and_keep(Call& call, const std::string& etag, std::optional<domain::Revision> revision,
                     std::string text);

}  // namespace togglecast::http_api
