// What the dashboard shows, on one screen: series of the metrics that exist. Thread rule: constants.
#pragma once

#include <array>

#include "observe/history.hpp"

namespace togglecast::realtime {

namespace detail {

using observe::HistorySeries;
using observe::Measured;
using observe::Shown;
using observe::Together;

inline constexpr double kInMs = 1'000;

constexpr HistorySeries gauge(std::string_view name, std::string_view of, std::string_view unit,
                              Measured from) {
  return {name, of, unit, Shown::mean, Together::sum, {{from}}};
}
constexpr HistorySeries rate(std::string_view name, std::string_view of, Measured from, Measured more = {},
                             std::string_view unit = "1/s") {
  return {name, of, unit, Shown::rate, Together::sum, {{from, more}}};
}
constexpr HistorySeries time(std::string_view name, std::string_view of, Shown shown, Measured from) {
  return {name, of, "ms", shown, Together::highest, {{from}}, kInMs};
}
constexpr HistorySeries closes(std::string_view reason) {
  return rate("closes", reason, {"togglecast_sessions_closed_total", "reason", reason});
}
constexpr HistorySeries refusals(std::string_view code) {
  return rate("refusals", code, {"togglecast_handshakes_refused_total", "code", code});
}
constexpr HistorySeries limit(std::string_view kind) {
  return rate("limits", kind, {"togglecast_limits_passed_total", "limit", kind});
}

}  // namespace detail

// clang-format off
inline constexpr auto kDashboardSeries = std::to_array<observe::HistorySeries>({
    detail::gauge("connections", "/admin", "1", {"togglecast_sockets", "namespace", "/admin"}),
    detail::gauge("connections", "/client", "1", {"togglecast_sockets", "namespace", "/client"}),
    detail::gauge("tcp_connections", "", "1", {"togglecast_streams_open"}),
    detail::rate("connects", "", {"togglecast_sessions_opened_total"}),
    detail::rate("logins", "/admin", {"togglecast_realtime_logins_total", "namespace", "/admin"}),
    detail::rate("logins", "/client", {"togglecast_realtime_logins_total", "namespace", "/client"}),
    detail::closes("transport close"),
    detail::closes("transport error"),
    detail::closes("ping timeout"),
    detail::closes("parse error"),
    detail::closes("forced close"),
    detail::refusals("unknown_transport"),
    detail::refusals("unknown_sid"),
    detail::refusals("bad_handshake_method"),
    detail::refusals("bad_request"),
    detail::refusals("forbidden"),
    detail::refusals("unsupported_version"),
    detail::rate("refusals", "login", {"togglecast_realtime_refusals_total"}),

    detail::rate("messages", "in", {"togglecast_packets_total", "direction", "in"}),
    detail::rate("messages", "out", {"togglecast_packets_total", "direction", "out"}, {"togglecast_broadcast_frames_total"}),
    detail::rate("bytes", "in", {"togglecast_received_bytes_total"}, {}, "B/s"),
    detail::rate("bytes", "out", {"togglecast_sent_bytes_total"}, {}, "B/s"),
    detail::rate("events", "/admin", {"togglecast_realtime_events_total", "namespace", "/admin"}),
    detail::rate("events", "/client", {"togglecast_realtime_events_total", "namespace", "/client"}),
    detail::rate("pushes", "delivered", {"togglecast_push_delivered_total"}),
    detail::rate("pushes", "deferred", {"togglecast_push_deferred_total"}),
    detail::rate("reported_metrics", "", {"togglecast_realtime_reported_metrics_total"}),

    detail::time("push_latency", "sent_p50", observe::Shown::p50, {"togglecast_rollout_seconds", "stage", "sent"}),
    detail::time("push_latency", "sent_p99", observe::Shown::p99, {"togglecast_rollout_seconds", "stage", "sent"}),
    detail::time("push_latency", "received_p50", observe::Shown::p50, {"togglecast_rollout_seconds", "stage", "received"}),
    detail::time("push_latency", "received_p99", observe::Shown::p99, {"togglecast_rollout_seconds", "stage", "received"}),
    detail::time("push_latency", "applied_p50", observe::Shown::p50, {"togglecast_rollout_seconds", "stage", "applied"}),
    detail::time("push_latency", "applied_p99", observe::Shown::p99, {"togglecast_rollout_seconds", "stage", "applied"}),
    detail::time("round_trip", "p50", observe::Shown::p50, {"togglecast_heartbeat_round_trip_seconds"}),
    detail::time("round_trip", "p99", observe::Shown::p99, {"togglecast_heartbeat_round_trip_seconds"}),
    detail::time("loop_lag", "", observe::Shown::highest, {"togglecast_loop_lag_seconds"}),

    detail::limit("max_payload"),
    detail::limit("untrusted_payload"),
    detail::limit("fragments_per_message"),
    detail::limit("packets_per_payload"),
    detail::limit("polling_backlog"),
    detail::limit("connect_timeout"),
    detail::limit("namespaces_per_connection"),
    detail::limit("attachments_per_packet"),
    detail::limit("json_depth"),
    detail::limit("pending_acks"),
    detail::limit("packet_rate"),
    detail::rate("limits", "event_rate", {"togglecast_realtime_events_limited_total"}),
    detail::rate("limits", "full_state_rate", {"togglecast_realtime_full_states_limited_total"}),
    detail::rate("limits", "message_queue", {"togglecast_realtime_overflows_total"}),
    detail::rate("limits", "announcement_rate", {"togglecast_realtime_announcements_limited_total"}),
    detail::rate("limits", "asset_rate", {"togglecast_realtime_assets_limited_total"}, {"togglecast_http_assets_limited_total"}),
    detail::rate("limits", "connections_per_client", {"togglecast_realtime_connections_yielded_total"}),
    detail::rate("limits", "connections_per_address", {"togglecast_connections_limited_total", "limit", "open"}),
    detail::rate("limits", "connection_rate", {"togglecast_connections_limited_total", "limit", "rate"}),
    detail::rate("limits", "logins", {"togglecast_logins_limited_total"}),
    detail::rate("limits", "write_rate", {"togglecast_http_writes_limited_total"}),
    detail::rate("limits", "read_rate", {"togglecast_http_reads_limited_total"}, {"togglecast_realtime_reads_limited_total"}),
    detail::rate("limits", "stall_timeout", {"togglecast_stalled_streams_total"}),
    detail::rate("limits", "reader_backlog", {"togglecast_overflowed_streams_total"}),
    detail::rate("limits", "queued_bytes", {"togglecast_queues_shed_total"}),

    detail::rate("requests", "2xx", {"togglecast_http_requests_total", "status", "2xx"}),
    detail::rate("requests", "3xx", {"togglecast_http_requests_total", "status", "3xx"}),
    detail::rate("requests", "4xx", {"togglecast_http_requests_total", "status", "4xx"}),
    detail::rate("requests", "5xx", {"togglecast_http_requests_total", "status", "5xx"}),
    detail::rate("writes", "", {"togglecast_commit_seconds"}),
    detail::rate("errors", "requests", {"togglecast_http_requests_total", "status", "5xx"}),
    detail::rate("errors", "writes", {"togglecast_writes_refused_total"}),
    detail::rate("errors", "store", {"togglecast_store_failures_total"}, {"togglecast_store_read_failures_total"}),
    detail::rate("errors", "tail", {"togglecast_tail_failures_total"}),
    detail::rate("errors", "tasks", {"togglecast_failed_tasks_total"}),

    detail::time("store_latency", "commit_p50", observe::Shown::p50, {"togglecast_commit_seconds"}),
    detail::time("store_latency", "commit_p99", observe::Shown::p99, {"togglecast_commit_seconds"}),
    {"store_up", "", "1", observe::Shown::lowest, observe::Together::lowest, {{{"togglecast_store_up"}}}},
    detail::time("bus_latency", "p50", observe::Shown::p50, {"togglecast_node_answer_seconds"}),
    detail::time("bus_latency", "p99", observe::Shown::p99, {"togglecast_node_answer_seconds"}),
    detail::rate("bus_messages", "in", {"togglecast_bus_messages_total", "direction", "in"}),
    detail::rate("bus_messages", "out", {"togglecast_bus_messages_total", "direction", "out"}),
    {"bus_up", "", "1", observe::Shown::lowest, observe::Together::lowest, {{{"togglecast_redis_up"}}}},

    detail::rate("cpu", "", {"togglecast_process_cpu_seconds_total"}, {}, "cores"),
    detail::gauge("memory", "", "B", {"togglecast_process_resident_bytes"}),
    detail::gauge("queued_bytes", "", "B", {"togglecast_queued_bytes"}),
});
// clang-format on

}  // namespace togglecast::realtime
