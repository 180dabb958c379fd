// The handlers of streams. Thread rule: each runs on the shard of its call.
#pragma once

#include "http_api/request/route.hpp"

namespace togglecast::http_api {

// stream_routes.cpp
void stream_view(const CallPtr& call);
void stream_notices(const CallPtr& call);

}  // namespace togglecast::http_api
