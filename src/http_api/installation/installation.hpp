// The handlers of routes for the settings of the installation and for second factors. Thread rule: each runs
// on the shard of its call.
#pragma once

#include <memory>

namespace togglecast::http_api {

class Call;
using CallPtr = std::shared_ptr<Call>;

// second_factor.cpp
void read_second_factor(const CallPtr& call);
void begin_second_factor(const CallPtr& call);
void confirm_second_factor(const CallPtr& call);
void renew_recovery_codes(const CallPtr& call);
void remove_second_factor(const CallPtr& call);
void reset_second_factor(const CallPtr& call);

// settings.cpp
void read_settings(const CallPtr& call);
void update_settings(const CallPtr& call);

}  // namespace togglecast::http_api
