// Every event of the real-time contract (docs/protocol.md), on one screen. Names are fixed: they are the
// original's.
#pragma once

#include <algorithm>
#include <optional>
#include <span>
#include <string_view>

#include "auth/permissions.hpp"
#include "delivery/batch.hpp"

namespace togglecast::realtime::event {

// Namespaces.
inline constexpr std::string_view kAdmin = "/admin";
inline constexpr std::string_view kClient = "/client";

/// What may be sent to us: the event, and what answers it when no acknowledgement was asked for.
struct Request {
  std::string_view name;
  std::string_view reply;              ///< empty: nothing answers
  std::optional<auth::Action> action;  ///< what its sender must be allowed; always there
  bool metered = true;                 ///< counts as one of the events that a connection may send
  unsigned read_units = 0;             ///< what it costs an admin, in units of `--read-rate`
};

using auth::Action;

// An admin sends.
inline constexpr Request kAdminConnect{"admin_connect", "admin_connected", Action::follow_changes};
inline constexpr Request kConfigCheck{"config_check", "config_status", Action::follow_changes};
inline constexpr Request kAssetGet{"asset_get", "asset", Action::read_asset};
inline constexpr Request kDashboard{"request_dashboard_update", "dashboard_update", Action::read_catalogue,
                                    true, 10};
inline constexpr Request kActivityFeed{"request_activity_feed", "activity_feed", Action::read_activity, true,
                                       10};
inline constexpr Request kSubscribe{"subscribe_entity_updates", "entity_subscribed", Action::read_catalogue,
                                    true, 1};
inline constexpr Request kUnsubscribe{"unsubscribe_entity_updates", "entity_unsubscribed",
                                      Action::follow_changes};
inline constexpr Request kAnnounce{"broadcast_announcement", "announcement_sent", Action::send_messages};
inline constexpr Request kSystemMetrics{"request_system_metrics", "system_metrics", Action::read_catalogue,
                                        true, 10};
inline constexpr Request kSubscribeDashboard{"subscribe_dashboard", "dashboard_subscribed",
                                             Action::read_catalogue};
inline constexpr Request kUnsubscribeDashboard{"unsubscribe_dashboard", "dashboard_unsubscribed",
                                               Action::follow_changes};
inline constexpr Request kMessageAck{"message_ack", "message_acknowledged", Action::acknowledge_messages};
inline constexpr Request kAdminRequests[] = {
    kAdminConnect, kConfigCheck, kAssetGet,      kDashboard,          kActivityFeed,         kSubscribe,
    kUnsubscribe,  kAnnounce,    kSystemMetrics, kSubscribeDashboard, kUnsubscribeDashboard, kMessageAck};

// A client sends; and asset_get and message_ack, as above.
inline constexpr Request kClientConnect{"client_connect", "client_connected", Action::use_features};
inline constexpr Request kClientConfigCheck{"config_check", "config_status", Action::use_features};
inline constexpr Request kFeatureCheck{"feature_check", "feature_status", Action::use_features};
inline constexpr Request kReportMetrics{"report_metrics", "metrics_accepted", Action::use_features};
inline constexpr Request kHeartbeat{"heartbeat", "heartbeat_ack", Action::use_features, false};
inline constexpr Request kConfigAck{"config_ack", {}, Action::use_features, false};
inline constexpr Request kClientRequests[] = {kClientConnect, kClientConfigCheck, kAssetGet,  kFeatureCheck,
                                              kReportMetrics, kHeartbeat,         kConfigAck, kMessageAck};

consteval bool name_their_actions(std::span<const Request> requests) {
  return std::all_of(requests.begin(), requests.end(),
                     [](const Request& one) { return one.action.has_value(); });
}
static_assert(name_their_actions(kAdminRequests) && name_their_actions(kClientRequests));

/// nullptr: this may not be sent here.
[[nodiscard]] constexpr const Request* find(std::span<const Request> requests,
                                            std::string_view name) noexcept {
  const auto found = std::find_if(requests.begin(), requests.end(),
                                  [name](const Request& request) { return request.name == name; });
  return found == requests.end() ? nullptr : &*found;
}

// The server sends. With an offset behind the object: state of an environment.
inline constexpr std::string_view kPlatformUpdate = delivery::kPlatformUpdate;
inline constexpr std::string_view kFeatureUpdate = delivery::kFeatureUpdate;
inline constexpr std::string_view kPackageUpdate = delivery::kPackageUpdate;
inline constexpr std::string_view kEntityUpdate = delivery::kEntityUpdate;
inline constexpr std::string_view kConfigSync = "config_sync";
inline constexpr std::string_view kClientResumed = "client_resumed";
inline constexpr std::string_view kAdminResumed = "admin_resumed";
// Without, to everybody.
inline constexpr std::string_view kAnnouncement = "announcement";
inline constexpr std::string_view kSystemStatus = "system_status";
inline constexpr std::string_view kTokenExpiring = "token_expiring";
inline constexpr std::string_view kSessionEnded = "session_ended";
// To admins.
inline constexpr std::string_view kAdminNotification = "admin_notification";
inline constexpr std::string_view kActivity = "activity";
inline constexpr std::string_view kRolloutProgress = "rollout_progress";
inline constexpr std::string_view kEntityPresence = "entity_presence";
inline constexpr std::string_view kDashboardTick = "dashboard_tick";
// To clients.
inline constexpr std::string_view kClientUpdate = delivery::kClientUpdate;  // with an offset
inline constexpr std::string_view kClientNotification = "client_notification";

}  // namespace togglecast::realtime::event
