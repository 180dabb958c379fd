// Every event of the real-time contract (docs/protocol.md), on one screen. Names are fixed: they are the
// original's.
#pragma once

#include <string_view>

namespace togglecast::realtime::event {

// Namespaces.
inline constexpr std::string_view kAdmin = "/admin";
inline constexpr std::string_view kClient = "/client";

// An admin sends; behind the arrow what answers when no acknowledgement was asked for.
inline constexpr std::string_view kAdminConnect = "admin_connect";              // → admin_connected
inline constexpr std::string_view kSubscribe = "subscribe_entity_updates";      // → entity_subscribed
inline constexpr std::string_view kUnsubscribe = "unsubscribe_entity_updates";  // → entity_unsubscribed

// A client sends.
inline constexpr std::string_view kClientConnect = "client_connect";  // → client_connected
inline constexpr std::string_view kConfigCheck = "config_check";      // → config_status
inline constexpr std::string_view kHeartbeat = "heartbeat";           // → heartbeat_ack

// The server answers.
inline constexpr std::string_view kAdminConnected = "admin_connected";
inline constexpr std::string_view kClientConnected = "client_connected";
inline constexpr std::string_view kEntitySubscribed = "entity_subscribed";
inline constexpr std::string_view kEntityUnsubscribed = "entity_unsubscribed";
inline constexpr std::string_view kConfigStatus = "config_status";
inline constexpr std::string_view kHeartbeatAck = "heartbeat_ack";

// The server sends. With an offset behind the object: state of an environment.
inline constexpr std::string_view kPlatformUpdate = "platform_update";
inline constexpr std::string_view kFeatureUpdate = "feature_update";
inline constexpr std::string_view kPackageUpdate = "package_update";
inline constexpr std::string_view kEntityUpdate = "entity_update";
inline constexpr std::string_view kConfigSync = "config_sync";
// Without.
inline constexpr std::string_view kTokenExpiring = "token_expiring";

}  // namespace togglecast::realtime::event
