// The handlers of all routes, grouped by file; catalogue.hpp holds those for all entities of the catalogue.
// Thread rule: each runs on the shard of its call.
#pragma once

#include <memory>

namespace togglecast::http_api {

class Call;
using CallPtr = std::shared_ptr<Call>;

// front_page.cpp
void front_page(const CallPtr& call);

// health.cpp
void health(const CallPtr& call);
void readiness(const CallPtr& call);
void health_details(const CallPtr& call);
void metrics(const CallPtr& call);

// openapi.cpp
void openapi(const CallPtr& call);

// sessions.cpp
void login(const CallPtr& call);
void refresh_session(const CallPtr& call);
void list_sessions(const CallPtr& call);
void end_session(const CallPtr& call);
void end_sessions(const CallPtr& call);
void logout(const CallPtr& call);
void change_password(const CallPtr& call);

// features.cpp
void toggle_sub_feature(const CallPtr& call);

// overrides.cpp
void set_override(const CallPtr& call);
void remove_override(const CallPtr& call);

// assignments.cpp
void set_assignment(const CallPtr& call);
void remove_assignment(const CallPtr& call);
void open_platform(const CallPtr& call);
void close_platform(const CallPtr& call);

// decisions.cpp
void read_effective(const CallPtr& call);
void evaluate(const CallPtr& call);
void preview(const CallPtr& call);

// tokens.cpp
void list_tokens(const CallPtr& call);
void issue_token(const CallPtr& call);
void revoke_token(const CallPtr& call);
void list_signing_keys(const CallPtr& call);
void rotate_signing_key(const CallPtr& call);
void retire_signing_key(const CallPtr& call);

// issuers.cpp
void list_issuers(const CallPtr& call);
void create_issuer(const CallPtr& call);
void read_issuer(const CallPtr& call);
void read_issuer_keys(const CallPtr& call);
void update_issuer(const CallPtr& call);
void delete_issuer(const CallPtr& call);

// admins.cpp
void list_admins(const CallPtr& call);
void create_admin(const CallPtr& call);
void read_admin(const CallPtr& call);
void update_admin(const CallPtr& call);
void delete_admin(const CallPtr& call);
void toggle_admin(const CallPtr& call);

// api_keys.cpp
void list_api_keys(const CallPtr& call);
void create_api_key(const CallPtr& call);
void read_api_key(const CallPtr& call);
void update_api_key(const CallPtr& call);
void delete_api_key(const CallPtr& call);

// environments.cpp
void list_environments(const CallPtr& call);
void create_environment(const CallPtr& call);
void read_environment(const CallPtr& call);
void copy_environment(const CallPtr& call);

// activity.cpp
void list_activity(const CallPtr& call);
void undo_activity(const CallPtr& call);

// state.cpp
void read_state(const CallPtr& call);
void read_difference(const CallPtr& call);

// cluster.cpp
void read_cluster(const CallPtr& call);
void read_client_connections(const CallPtr& call);

// ../live/dashboard.cpp
void read_dashboard_history(const CallPtr& call);
void read_client_metrics(const CallPtr& call);

// ../live/connections.cpp
void list_connections(const CallPtr& call);
void end_connection(const CallPtr& call);

// rollouts.cpp
void read_rollout(const CallPtr& call);

// ../live/recent_rollouts.cpp
void list_rollouts(const CallPtr& call);

// messages.cpp
void broadcast(const CallPtr& call);

// kept_messages.cpp
void list_messages(const CallPtr& call);
void read_message(const CallPtr& call);
void withdraw_message(const CallPtr& call);

}  // namespace togglecast::http_api
