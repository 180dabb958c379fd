// The handlers of OFREP's routes. Thread rule: each runs on the shard of its call.
#pragma once

#include "http_api/request/route.hpp"

namespace togglecast::http_api {

// evaluate.cpp
void evaluate_flag(const CallPtr& call);
void evaluate_flags(const CallPtr& call);

// flagd.cpp
void read_flagd_file(const CallPtr& call);

}  // namespace togglecast::http_api
