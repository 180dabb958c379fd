// Answers whose tag names the answer and the state: see OfrepTag. Thread rule: on any thread.
#pragma once

#include <string>

#include "domain/state/snapshot.hpp"
#include "http_api/ofrep/ofrep_answer.hpp"
#include "http_api/request/call.hpp"

namespace togglecast::http_api {

/// Answers 304 if the request has the tag of this state: then nothing need be worked out.
[[nodiscard]] bool answered_as_current(const CallPtr& call, const domain::Snapshot& state,
                                       const OfrepTag& tag);
/// Answers with this JSON, or 304 if the request has the tag of an equal answer. `digest`: `OfrepTag::digest`
/// of it.
void answer_tagged(const CallPtr& call, const domain::Snapshot& state, const OfrepTag& tag,
                   const std::string& digest, std::string body);

}  // namespace togglecast::http_api
